// Windows. Files are opened so that others may rename and remove them meanwhile. A file that is
// mapped cannot be removed or replaced, though: the engine treats a removal that fails as one for
// later, and never replaces a file but the manifest, which is read and closed at once.

#define NOMINMAX
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <system_error>
#include <utility>

#include "store/vfs_native.h"

namespace quiver::store {
namespace {

std::wstring wide(std::string_view text) {
  if (text.empty()) return {};
  const int size = static_cast<int>(text.size());
  std::wstring result(MultiByteToWideChar(CP_UTF8, 0, text.data(), size, nullptr, 0), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, text.data(), size, result.data(),
                      static_cast<int>(result.size()));
  return result;
}

std::string narrow(std::wstring_view text) {
  if (text.empty()) return {};
  const int size = static_cast<int>(text.size());
  std::string result(
      WideCharToMultiByte(CP_UTF8, 0, text.data(), size, nullptr, 0, nullptr, nullptr), '\0');
  WideCharToMultiByte(CP_UTF8, 0, text.data(), size, result.data(), static_cast<int>(result.size()),
                      nullptr, nullptr);
  return result;
}

Error system_error(DWORD number, std::string_view doing, const std::string& path) {
  Code code = Code::kIoError;
  switch (number) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_DIRECTORY:
    case ERROR_INVALID_NAME:
      code = Code::kMissingFile;
      break;
    case ERROR_ACCESS_DENIED:
    case ERROR_WRITE_PROTECT:
    case ERROR_SHARING_VIOLATION:
      code = Code::kPermissionDenied;
      break;
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
      code = Code::kNoSpace;
      break;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
      code = Code::kOutOfMemory;
      break;
    default:
      break;
  }
  return Error{code, "Cannot " + std::string(doing) + " " + path + ": " +
                         std::system_category().message(static_cast<int>(number))};
}

/// A handle that is closed when it goes out of scope.
class Handle {
 public:
  explicit Handle(HANDLE handle = INVALID_HANDLE_VALUE) : handle_(handle) {}
  ~Handle() {
    if (is_open()) CloseHandle(handle_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  [[nodiscard]] HANDLE get() const { return handle_; }
  [[nodiscard]] bool is_open() const {
    return handle_ != INVALID_HANDLE_VALUE && handle_ != nullptr;
  }

 private:
  HANDLE handle_;
};

constexpr DWORD kShareAll = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

class WindowsFile final : public WritableFile {
 public:
  WindowsFile(HANDLE handle, std::string path) : handle_(handle), path_(std::move(path)) {}

  Expected<void> append(Bytes bytes) override {
    while (!bytes.empty()) {
      constexpr size_t kMost = size_t{1} << 30;
      DWORD written = 0;
      const auto size = static_cast<DWORD>(std::min(bytes.size(), kMost));
      if (WriteFile(handle_.get(), bytes.data(), size, &written, nullptr) == 0) {
        return system_error(GetLastError(), "write", path_);
      }
      bytes = bytes.subspan(written);
    }
    return {};
  }

  Expected<void> sync() override {
    if (failed_) return Error{Code::kIoError, "Cannot sync " + path_ + ": it failed before"};
    if (FlushFileBuffers(handle_.get()) != 0) return {};
    failed_ = true;
    return system_error(GetLastError(), "sync", path_);
  }

 private:
  Handle handle_;
  std::string path_;
  bool failed_ = false;
};

class MappedFile final : public FileBytes {
 public:
  MappedFile(const void* data, size_t size) : data_(data), size_(size) {}
  ~MappedFile() override {
    if (data_ != nullptr) UnmapViewOfFile(data_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] Bytes bytes() const override { return {static_cast<const uint8_t*>(data_), size_}; }

 private:
  const void* data_;  // null for an empty file, which cannot be mapped
  size_t size_;
};

std::string host_name() {
  wchar_t name[MAX_COMPUTERNAME_LENGTH + 1];
  DWORD size = MAX_COMPUTERNAME_LENGTH + 1;
  return GetComputerNameW(name, &size) != 0 ? narrow({name, size}) : std::string();
}

/// When a process started, in units of 100 ns; empty if it cannot be asked.
std::string start_of(HANDLE process) {
  FILETIME created{};
  FILETIME exited{};
  FILETIME kernel{};
  FILETIME user{};
  if (GetProcessTimes(process, &created, &exited, &kernel, &user) == 0) return {};
  return std::to_string(uint64_t{created.dwHighDateTime} << 32 | created.dwLowDateTime);
}

class WindowsVfs final : public Vfs {
 public:
  explicit WindowsVfs(std::string folder) : folder_(std::move(folder)) {
    std::error_code failure;
    const std::filesystem::path full = std::filesystem::absolute(wide(folder_), failure);
    // The prefix lifts the limit of 260 characters; it wants backslashes and no "..".
    root_ = failure ? wide(folder_) : full.lexically_normal().make_preferred().wstring();
    while (root_.size() > 3 && root_.back() == L'\\') root_.pop_back();
    if (root_.compare(0, 2, L"\\\\") != 0) root_.insert(0, L"\\\\?\\");
  }

  [[nodiscard]] std::string_view describe() const override { return folder_; }

  Expected<std::unique_ptr<WritableFile>> create(std::string_view name) override {
    const HANDLE handle = CreateFileW(full(name).c_str(), GENERIC_WRITE, kShareAll, nullptr,
                                      CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, nullptr);
    if (handle == INVALID_HANDLE_VALUE) return error("create", name);
    return std::unique_ptr<WritableFile>(std::make_unique<WindowsFile>(handle, shown(name)));
  }

  Expected<std::shared_ptr<const FileBytes>> read(std::string_view name) override {
    const Handle file(CreateFileW(full(name).c_str(), GENERIC_READ, kShareAll, nullptr,
                                  OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr));
    if (!file.is_open()) return error("open", name);
    LARGE_INTEGER size{};
    if (GetFileSizeEx(file.get(), &size) == 0) return error("look at", name);
    const auto bytes = static_cast<size_t>(size.QuadPart);
    if (bytes == 0) {
      return std::shared_ptr<const FileBytes>(std::make_shared<MappedFile>(nullptr, 0));
    }
    const Handle mapping(CreateFileMappingW(file.get(), nullptr, PAGE_READONLY, 0, 0, nullptr));
    if (!mapping.is_open()) return error("map", name);
    const void* data = MapViewOfFile(mapping.get(), FILE_MAP_READ, 0, 0, bytes);
    if (data == nullptr) return error("map", name);
    return std::shared_ptr<const FileBytes>(std::make_shared<MappedFile>(data, bytes));
  }

  Expected<uint64_t> size(std::string_view name) override {
    WIN32_FILE_ATTRIBUTE_DATA data{};
    if (GetFileAttributesExW(full(name).c_str(), GetFileExInfoStandard, &data) == 0) {
      return error("look at", name);
    }
    return uint64_t{data.nFileSizeHigh} << 32 | data.nFileSizeLow;
  }

  Expected<bool> exists(std::string_view name) override {
    if (GetFileAttributesW(full(name).c_str()) != INVALID_FILE_ATTRIBUTES) return true;
    Error failure = error("look for", name);
    if (failure.code == Code::kMissingFile) return false;
    return failure;
  }

  Expected<std::vector<std::string>> list() override {
    std::vector<std::string> names;
    WIN32_FIND_DATAW data{};
    const HANDLE search = FindFirstFileW((root_ + L"\\*").c_str(), &data);
    if (search == INVALID_HANDLE_VALUE) {
      Error failure = system_error(GetLastError(), "list", folder_);
      if (failure.code == Code::kMissingFile) return names;
      return failure;
    }
    do {
      const std::wstring_view name = data.cFileName;
      if (name != L"." && name != L"..") names.push_back(narrow(name));
    } while (FindNextFileW(search, &data) != 0);
    const DWORD end = GetLastError();
    FindClose(search);
    if (end != ERROR_NO_MORE_FILES) return system_error(end, "list", folder_);
    std::sort(names.begin(), names.end());
    return names;
  }

  Expected<void> rename(std::string_view from, std::string_view to) override {
    constexpr DWORD kFlags = MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH;
    // A reader of the old file has it open for a moment.
    for (int tries = 0; MoveFileExW(full(from).c_str(), full(to).c_str(), kFlags) == 0; ++tries) {
      Error failure = error("rename", from);
      if (failure.code != Code::kPermissionDenied || tries == 100) return failure;
      Sleep(1);
    }
    return {};
  }

  Expected<void> remove(std::string_view name) override {
    if (DeleteFileW(full(name).c_str()) == 0) return error("remove", name);
    return {};
  }

  bool link(const Vfs& from, std::string_view name) override {
    const WindowsVfs folder{std::string(from.describe())};
    return CreateHardLinkW(full(name).c_str(), folder.full(name).c_str(), nullptr) != 0;
  }

  Expected<void> create_exclusive(std::string_view name, Bytes content) override {
    const std::string temporary = std::string(name) + "-" + std::to_string(GetCurrentProcessId()) +
                                  "-" + std::to_string(std::random_device{}()) + ".tmp";
    Expected<void> result;
    {
      auto file = create(temporary);
      if (!file) return file.error();
      result = (*file)->append(content);
      if (result) result = (*file)->sync();
    }
    // Without MOVEFILE_REPLACE_EXISTING a name that is taken stays.
    if (result &&
        MoveFileExW(full(temporary).c_str(), full(name).c_str(), MOVEFILE_WRITE_THROUGH) != 0) {
      return {};
    }
    if (result) {
      const DWORD number = GetLastError();
      result = number == ERROR_ALREADY_EXISTS || number == ERROR_FILE_EXISTS
                   ? Error{Code::kLocked, shown(name) + " exists"}
                   : system_error(number, "create", shown(name));
    }
    DeleteFileW(full(temporary).c_str());
    return result;
  }

  // There is no flushing of a folder; its journal orders these changes, and renames are written
  // through.
  Expected<void> sync_folder() override { return {}; }

  Expected<void> make_folder() override {
    std::error_code failure;
    std::filesystem::create_directories(root_, failure);
    if (failure) {
      return system_error(static_cast<DWORD>(failure.value()), "make folder", folder_);
    }
    return {};
  }

  Expected<void> remove_folder_if_empty() override {
    if (RemoveDirectoryW(root_.c_str()) != 0) return {};
    const DWORD number = GetLastError();
    if (number == ERROR_DIR_NOT_EMPTY) return {};
    Error failure = system_error(number, "remove", folder_);
    if (failure.code == Code::kMissingFile) return {};
    return failure;
  }

  Owner current_owner() override {
    return {GetCurrentProcessId(), start_of(GetCurrentProcess()), host_name()};
  }

  bool is_alive(const Owner& owner) override {
    if (owner.host != host_name()) return true;
    if (owner.pid == 0 || owner.pid > UINT32_MAX) return true;
    const Handle process(
        OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, static_cast<DWORD>(owner.pid)));
    // There is no such process; any other failure means that there is one.
    if (!process.is_open()) return GetLastError() != ERROR_INVALID_PARAMETER;
    DWORD status = 0;
    if (GetExitCodeProcess(process.get(), &status) != 0 && status != STILL_ACTIVE) return false;
    const std::string start = start_of(process.get());
    return owner.start.empty() || start.empty() || start == owner.start;
  }

 private:
  [[nodiscard]] std::wstring full(std::string_view name) const {
    return root_ + L"\\" + wide(name);
  }
  [[nodiscard]] std::string shown(std::string_view name) const {
    return folder_ + "\\" + std::string(name);
  }
  [[nodiscard]] Error error(std::string_view doing, std::string_view name) const {
    const DWORD number = GetLastError();
    return system_error(number, doing, shown(name));
  }

  std::string folder_;
  std::wstring root_;
};

}  // namespace

std::shared_ptr<Vfs> native_vfs(std::string folder) {
  return std::make_shared<WindowsVfs>(std::move(folder));
}

}  // namespace quiver::store
