// Windows. Files are opened so that others may rename and remove them meanwhile. A file that is
// mapped cannot be removed or replaced, though: the engine treats a removal that fails as one for
// later, and never replaces a file but the manifest and its lock, which are read and closed at
// once.

#ifndef NOMINMAX
#define NOMINMAX
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <system_error>
#include <utility>

#include "store/mapped_pages.h"
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

/// Also where the folder is a file, or its drive or share is not there.
bool is_missing(DWORD number) {
  return number == ERROR_FILE_NOT_FOUND || number == ERROR_PATH_NOT_FOUND ||
         number == ERROR_DIRECTORY || number == ERROR_INVALID_NAME ||
         number == ERROR_INVALID_DRIVE || number == ERROR_BAD_NETPATH ||
         number == ERROR_BAD_NET_NAME;
}

Error system_error(DWORD number, std::string_view doing, const std::string& path) {
  Code code = is_missing(number) ? Code::kMissingFile : Code::kIoError;
  switch (number) {
    case ERROR_ACCESS_DENIED:
    case ERROR_WRITE_PROTECT:
    case ERROR_SHARING_VIOLATION:
    case ERROR_LOCK_VIOLATION:
    case ERROR_USER_MAPPED_FILE:
    case ERROR_DELETE_PENDING:
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

/// Whether the failure may be somebody's who has the file open for a moment: another process that
/// reads it, a virus scanner, an indexer, a removal that waits for one of these.
bool may_pass(DWORD number) {
  return number == ERROR_ACCESS_DENIED || number == ERROR_SHARING_VIOLATION ||
         number == ERROR_LOCK_VIOLATION || number == ERROR_USER_MAPPED_FILE ||
         number == ERROR_DELETE_PENDING;
}

/// Calls until it succeeds or fails for a reason that lasts, and leaves the reason in
/// GetLastError(). What is denied for good is denied after some tenths of a second.
template <typename Call>
bool patiently(Call call) {
  constexpr DWORD kMaxTries = 100;
  for (DWORD tries = 1; !call(); ++tries) {
    const DWORD number = GetLastError();
    if (!may_pass(number) || tries == kMaxTries) {
      SetLastError(number);
      return false;
    }
    // Several tries between waits of growing length: sleeping threads wake at the same ticks of the
    // clock, so equal waits could meet a reader that comes back regularly each time.
    constexpr DWORD kTriesAtOnce = 5;
    Sleep(tries % kTriesAtOnce == 0 ? tries / kTriesAtOnce : 0);
  }
  return true;
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
    if (failure_) return *failure_;
    while (!bytes.empty()) {
      constexpr size_t kMost = size_t{1} << 30;
      DWORD written = 0;
      const auto size = static_cast<DWORD>(std::min(bytes.size(), kMost));
      if (WriteFile(handle_.get(), bytes.data(), size, &written, nullptr) == 0) {
        return fail("write");
      }
      bytes = bytes.subspan(written);
    }
    return {};
  }

  Expected<void> sync() override {
    if (failure_) return *failure_;
    if (FlushFileBuffers(handle_.get()) == 0) return fail("sync");
    return {};
  }

 private:
  Error fail(std::string_view doing) {
    failure_ = system_error(GetLastError(), doing, path_);
    return *failure_;
  }

  Handle handle_;
  std::string path_;
  std::optional<Error> failure_;
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
  [[nodiscard]] bool is_mapped() const override { return true; }
  [[nodiscard]] uint64_t resident() const override { return resident_bytes(data_, size_); }
  void release() const override { release_pages(data_, size_); }

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

/// The path in the form that has no limit of 260 characters. It is taken as it stands, so it has to
/// be absolute, without "..", with backslashes; without one at its end here.
std::wstring extended_path(const std::wstring& path) {
  std::wstring full(GetFullPathNameW(path.c_str(), 0, nullptr, nullptr), L'\0');
  // With the room that it asked for, it returns the length without the zero at the end.
  full.resize(
      GetFullPathNameW(path.c_str(), static_cast<DWORD>(full.size()), full.data(), nullptr));
  while (!full.empty() && full.back() == L'\\') full.pop_back();
  const bool is_device = full.compare(0, 4, L"\\\\?\\") == 0 || full.compare(0, 4, L"\\\\.\\") == 0;
  if (full.empty() || is_device) return full;
  // A share: \\server\share.
  if (full.compare(0, 2, L"\\\\") == 0) return L"\\\\?\\UNC" + full.substr(1);
  return L"\\\\?\\" + full;
}

/// What the path begins with and nobody can make: the drive or the share.
size_t root_size(const std::wstring& path) {
  const bool is_share = path.compare(0, 8, L"\\\\?\\UNC\\") == 0;
  size_t end = path.find(L'\\', is_share ? 8 : 4);
  if (is_share && end != std::wstring::npos) end = path.find(L'\\', end + 1);
  return std::min(end, path.size());
}

class WindowsVfs final : public Vfs {
 public:
  explicit WindowsVfs(std::string folder)
      : folder_(std::move(folder)), root_(extended_path(wide(folder_))) {}

  [[nodiscard]] std::string_view describe() const override { return folder_; }
  [[nodiscard]] bool maps_files() const override { return true; }

  Expected<std::unique_ptr<WritableFile>> create(std::string_view name) override {
    const HANDLE handle = open(name, GENERIC_WRITE, CREATE_ALWAYS);
    if (handle == INVALID_HANDLE_VALUE) return error("create", name);
    return std::unique_ptr<WritableFile>(std::make_unique<WindowsFile>(handle, shown(name)));
  }

  Expected<std::shared_ptr<const FileBytes>> read(std::string_view name) override {
    const Handle file(open(name, GENERIC_READ, OPEN_EXISTING));
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

  Expected<uint64_t> modified_ms(std::string_view name) override {
    WIN32_FILE_ATTRIBUTE_DATA data{};
    if (GetFileAttributesExW(full(name).c_str(), GetFileExInfoStandard, &data) == 0) {
      return error("look at", name);
    }
    constexpr uint64_t kTicksPerMs = 10000;
    const FILETIME& time = data.ftLastWriteTime;
    return (uint64_t{time.dwHighDateTime} << 32 | time.dwLowDateTime) / kTicksPerMs;
  }

  Expected<bool> exists(std::string_view name) override {
    if (GetFileAttributesW(full(name).c_str()) != INVALID_FILE_ATTRIBUTES) return true;
    const DWORD number = GetLastError();
    if (is_missing(number)) return false;
    return system_error(number, "look for", shown(name));
  }

  Expected<std::vector<std::string>> list() override {
    std::vector<std::string> names;
    WIN32_FIND_DATAW data{};
    const HANDLE search = FindFirstFileW((root_ + L"\\*").c_str(), &data);
    if (search == INVALID_HANDLE_VALUE) {
      const DWORD number = GetLastError();
      if (is_missing(number)) return names;
      return system_error(number, "list", folder_);
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
    if (!move(from, to, MOVEFILE_REPLACE_EXISTING)) return error("rename", from);
    return {};
  }

  Expected<void> remove(std::string_view name) override {
    if (DeleteFileW(full(name).c_str()) == 0) return error("remove", name);
    return {};
  }

  bool link(const Vfs& from, std::string_view name, std::string_view as) override {
    const WindowsVfs folder{std::string(from.describe())};
    return CreateHardLinkW(full(as).c_str(), folder.full(name).c_str(), nullptr) != 0;
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
    if (result && move(temporary, name, 0)) return {};
    if (result) {
      const DWORD number = GetLastError();
      // The temporary file is gone only if the one who got the name first has cleaned up.
      const bool is_taken = number == ERROR_ALREADY_EXISTS || number == ERROR_FILE_EXISTS ||
                            number == ERROR_FILE_NOT_FOUND;
      result = is_taken ? Error{Code::kLocked, shown(name) + " exists"}
                        : system_error(number, "create", shown(name));
    }
    DeleteFileW(full(temporary).c_str());
    return result;
  }

  Expected<void> sync_file(std::string_view name) override {
    const Handle file(open(name, GENERIC_WRITE, OPEN_EXISTING));
    if (!file.is_open()) return error("open", name);
    if (FlushFileBuffers(file.get()) == 0) return error("sync", name);
    return {};
  }

  // A folder cannot be flushed without the rights of an administrator. The file system's journal
  // orders these changes, and renames are written through.
  Expected<void> sync_folder() override { return {}; }

  Expected<void> make_folder() override {
    for (size_t end = root_size(root_); end < root_.size();) {
      end = std::min(root_.find(L'\\', end + 1), root_.size());
      const std::wstring path = root_.substr(0, end);
      if (CreateDirectoryW(path.c_str(), nullptr) != 0) continue;
      const DWORD number = GetLastError();
      // One that is there may be denied instead of being called existing: a drive, a home folder.
      const DWORD attributes = GetFileAttributesW(path.c_str());
      const bool is_there = attributes != INVALID_FILE_ATTRIBUTES;
      if (is_there && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) continue;
      if (is_there) {
        return Error{Code::kIoError, "Cannot make folder " + folder_ + ": a file is in the way"};
      }
      return system_error(number, "make folder", folder_);
    }
    return {};
  }

  Expected<void> remove_folder_if_empty() override {
    if (RemoveDirectoryW(root_.c_str()) != 0) return {};
    const DWORD number = GetLastError();
    if (number == ERROR_DIR_NOT_EMPTY || is_missing(number)) return {};
    return system_error(number, "remove", folder_);
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

  /// INVALID_HANDLE_VALUE if it fails.
  [[nodiscard]] HANDLE open(std::string_view name, DWORD access, DWORD disposition) const {
    const std::wstring path = full(name);
    HANDLE handle = INVALID_HANDLE_VALUE;
    patiently([&] {
      handle = CreateFileW(path.c_str(), access, kShareAll, nullptr, disposition,
                           FILE_ATTRIBUTE_NORMAL, nullptr);
      return handle != INVALID_HANDLE_VALUE;
    });
    return handle;
  }

  [[nodiscard]] bool move(std::string_view from, std::string_view to, DWORD flags) const {
    const std::wstring old_path = full(from);
    const std::wstring new_path = full(to);
    return patiently([&] {
      return MoveFileExW(old_path.c_str(), new_path.c_str(), flags | MOVEFILE_WRITE_THROUGH) != 0;
    });
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
