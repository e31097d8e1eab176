#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>

#include "store/mapped_pages.h"
#include "store/vfs_native.h"

namespace quiver::store {
namespace {

Error system_error(int number, std::string_view doing, const std::string& path) {
  Code code = Code::kIoError;
  switch (number) {
    case ENOENT:
    case ENOTDIR:  // the folder is a file
      code = Code::kMissingFile;
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      code = Code::kPermissionDenied;
      break;
    case ENOSPC:
    case EDQUOT:
      code = Code::kNoSpace;
      break;
    case ENOMEM:
      code = Code::kOutOfMemory;
      break;
    default:
      break;
  }
  return Error{code, "Cannot " + std::string(doing) + " " + path + ": " + std::strerror(number)};
}

/// A file descriptor that is closed when it goes out of scope.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool is_open() const { return number_ >= 0; }

 private:
  int number_;
};

int sync_data(int descriptor) {
#ifdef __APPLE__
  // fsync() leaves the data in the drive's cache there.
  // Not every file system there can flush the drive.
  return ::fcntl(descriptor, F_FULLFSYNC) == 0 ? 0 : ::fsync(descriptor);
#else
  return ::fdatasync(descriptor);
#endif
}

class PosixFile final : public WritableFile {
 public:
  PosixFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}

  Expected<void> append(Bytes bytes) override {
    if (failure_) return *failure_;
    while (!bytes.empty()) {
      // macOS refuses 2 GiB and more at a time.
      const size_t piece = std::min(bytes.size(), size_t{1} << 30);
      const ssize_t written = ::write(descriptor_.number(), bytes.data(), piece);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return fail(system_error(errno, "write", path_));
      bytes = bytes.subspan(static_cast<size_t>(written));
    }
    return {};
  }

  void reserve([[maybe_unused]] uint64_t size) override {
#ifdef __linux__
    // Not posix_fallocate(): where the file system cannot do it, that writes all the bytes.
    const off_t end = ::lseek(descriptor_.number(), 0, SEEK_CUR);
    if (failure_ || end < 0 || size <= static_cast<uint64_t>(end)) return;
    (void)::fallocate(descriptor_.number(), 0, end, static_cast<off_t>(size) - end);
#endif
  }

  Expected<void> sync() override {
    if (failure_) return *failure_;
    if (sync_data(descriptor_.number()) != 0) return fail(system_error(errno, "sync", path_));
    return {};
  }

 private:
  Error fail(Error error) {
    failure_ = error;
    return error;
  }

  Descriptor descriptor_;
  std::string path_;
  std::optional<Error> failure_;
};

class MappedFile final : public FileBytes {
 public:
  MappedFile(void* address, size_t size) : address_(address), size_(size) {}
  ~MappedFile() override {
    if (size_ != 0) ::munmap(address_, size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] Bytes bytes() const override {
    return {static_cast<const uint8_t*>(address_), size_};
  }
  [[nodiscard]] bool is_mapped() const override { return true; }
  [[nodiscard]] uint64_t resident() const override { return resident_bytes(address_, size_); }
  void release() const override { release_pages(address_, size_); }

 private:
  void* address_;
  size_t size_;
};

/// When a process started, as field 22 of /proc/PID/stat; empty where there is no /proc. It tells a
/// process from a later one with the same number.
std::string start_of(uint64_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  // The process may end while it is read: a stream says that of itself, its iterators throw.
  std::array<char, 4096> bytes;
  file.read(bytes.data(), bytes.size());
  const std::string line(bytes.data(), static_cast<size_t>(file.gcount()));
  // The second field, the program's name in brackets, may hold blanks and brackets.
  size_t at = line.rfind(')');
  if (at == std::string::npos) return {};
  for (int field = 2; field < 22 && at != std::string::npos; ++field) at = line.find(' ', at + 1);
  if (at == std::string::npos) return {};
  return line.substr(at + 1, line.find(' ', at + 1) - at - 1);
}

std::string host_name() {
  char name[256] = {};
  if (::gethostname(name, sizeof(name) - 1) != 0) return "unknown";
  // Processes of another namespace (a container's) cannot be looked at, even on a host of that
  // name.
  std::error_code failure;
  const auto space = std::filesystem::read_symlink("/proc/self/ns/pid", failure);
  return failure ? name : std::string(name) + " " + space.string();
}

class PosixVfs final : public Vfs {
 public:
  explicit PosixVfs(std::string folder) : folder_(std::move(folder)) {}

  [[nodiscard]] std::string_view describe() const override { return folder_; }
  [[nodiscard]] bool maps_files() const override { return true; }

  Expected<std::unique_ptr<WritableFile>> create(std::string_view name) override {
    const std::string path = path_of(name);
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (descriptor < 0) return system_error(errno, "create", path);
    return std::unique_ptr<WritableFile>(std::make_unique<PosixFile>(descriptor, path));
  }

  Expected<std::shared_ptr<const FileBytes>> read(std::string_view name) override {
    const std::string path = path_of(name);
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) return system_error(errno, "open", path);
    struct stat status {};
    if (::fstat(file.number(), &status) != 0) return system_error(errno, "read", path);
    const auto size = static_cast<size_t>(status.st_size);
    void* address = nullptr;
    if (size != 0) {
      address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.number(), 0);
      if (address == MAP_FAILED) return system_error(errno, "map", path);
    }
    return std::shared_ptr<const FileBytes>(std::make_shared<MappedFile>(address, size));
  }

  Expected<uint64_t> size(std::string_view name) override {
    const std::string path = path_of(name);
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return system_error(errno, "read", path);
    return static_cast<uint64_t>(status.st_size);
  }

  Expected<uint64_t> modified_ms(std::string_view name) override {
    const std::string path = path_of(name);
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return system_error(errno, "look at", path);
#ifdef __APPLE__
    const timespec time = status.st_mtimespec;
#else
    const timespec time = status.st_mtim;
#endif
    return static_cast<uint64_t>(time.tv_sec) * 1000 +
           static_cast<uint64_t>(time.tv_nsec) / 1000000;
  }

  Expected<bool> exists(std::string_view name) override {
    const std::string path = path_of(name);
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return system_error(errno, "look for", path);
  }

  Expected<std::vector<std::string>> list() override {
    std::vector<std::string> names;
    DIR* folder = ::opendir(folder_.c_str());
    if (folder == nullptr) {
      if (errno == ENOENT) return names;
      return system_error(errno, "list", folder_);
    }
    errno = 0;
    while (const dirent* entry = ::readdir(folder)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    const int failure = errno;
    ::closedir(folder);
    if (failure != 0) return system_error(failure, "list", folder_);
    std::sort(names.begin(), names.end());
    return names;
  }

  Expected<void> rename(std::string_view from, std::string_view to) override {
    if (::rename(path_of(from).c_str(), path_of(to).c_str()) != 0) {
      return system_error(errno, "rename", path_of(from));
    }
    return {};
  }

  Expected<void> remove(std::string_view name) override {
    if (::unlink(path_of(name).c_str()) != 0) return system_error(errno, "remove", path_of(name));
    return {};
  }

  bool link(const Vfs& from, std::string_view name, std::string_view as) override {
    const std::string path = std::string(from.describe()) + "/" + std::string(name);
    return ::link(path.c_str(), path_of(as).c_str()) == 0;
  }

  Expected<void> create_exclusive(std::string_view name, Bytes content) override {
    const std::string path = path_of(name);
    // Not mkstemp: other users may have to read the file. The random part keeps threads apart.
    const std::string temporary = path + "-" + std::to_string(::getpid()) + "-" +
                                  std::to_string(std::random_device{}()) + ".tmp";
    auto result = write_new(temporary, content);
    // A link appears at once and whole, and fails if the name is taken. The temporary file is gone
    // only if the one who got the name first has cleaned up.
    if (result && ::link(temporary.c_str(), path.c_str()) != 0) {
      if (errno == EEXIST || errno == ENOENT) {
        result = Error{Code::kLocked, path + " exists"};
      } else if (errno == EPERM || errno == ENOTSUP || errno == ENOSYS) {
        // This file system has no links. For a moment others see the name without its content,
        // which they take for locked.
        result = write_new(path, content);
      } else {
        result = system_error(errno, "create", path);
      }
    }
    ::unlink(temporary.c_str());
    return result;
  }

  Expected<void> sync_file(std::string_view name) override {
    const std::string path = path_of(name);
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) return system_error(errno, "open", path);
    if (sync_data(file.number()) != 0) return system_error(errno, "sync", path);
    return {};
  }

  Expected<void> sync_folder() override { return sync_one(folder_); }

  Expected<void> make_folder() override {
    std::error_code failure;
    std::vector<std::filesystem::path> missing;
    std::filesystem::path path = std::filesystem::absolute(folder_, failure).lexically_normal();
    while (!failure && path != path.root_path() && !std::filesystem::exists(path, failure)) {
      missing.push_back(path);
      path = path.parent_path();
    }
    if (!failure) std::filesystem::create_directories(folder_, failure);
    if (failure == std::errc::not_a_directory) {
      return Error{Code::kIoError, "Cannot make folder " + folder_ + ": a file is in the way"};
    }
    if (failure) return system_error(failure.value(), "make folder", folder_);
    // A folder is in its parent only once the parent is on the disk. One that may be entered but
    // not read cannot be opened for that.
    for (const std::filesystem::path& made : missing) {
      auto synced = sync_one(made.parent_path().string());
      if (!synced && synced.error().code != Code::kPermissionDenied) return synced;
    }
    return {};
  }

  Expected<void> remove_folder_if_empty() override {
    if (::rmdir(folder_.c_str()) == 0 || errno == ENOTEMPTY || errno == EEXIST || errno == ENOENT) {
      return {};
    }
    return system_error(errno, "remove", folder_);
  }

  Owner current_owner() override {
    const auto pid = static_cast<uint64_t>(::getpid());
    return {pid, start_of(pid), host_name()};
  }

  bool is_alive(const Owner& owner) override {
    if (owner.host != host_name()) return true;
    // No process has such a number, so the record cannot be trusted; kill() would read it as a
    // group.
    if (owner.pid == 0 || owner.pid > static_cast<uint64_t>(INT32_MAX)) return true;
    if (::kill(static_cast<pid_t>(owner.pid), 0) != 0 && errno == ESRCH) return false;
    const std::string start = start_of(owner.pid);
    return owner.start.empty() || start.empty() || start == owner.start;
  }

 private:
  /// A new file with this content, on the disk; LOCKED if there is one already.
  static Expected<void> write_new(const std::string& path, Bytes content) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0 && errno == EEXIST) return Error{Code::kLocked, path + " exists"};
    if (descriptor < 0) return system_error(errno, "create", path);
    PosixFile file(descriptor, path);
    auto result = file.append(content);
    // Else a power cut could leave the name with nothing in it.
    return result ? file.sync() : result;
  }

  static Expected<void> sync_one(const std::string& path) {
    const Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.is_open()) return system_error(errno, "open", path);
    if (::fsync(folder.number()) != 0) return system_error(errno, "sync", path);
    return {};
  }

  [[nodiscard]] std::string path_of(std::string_view name) const {
    return folder_ + "/" + std::string(name);
  }

  std::string folder_;
};

}  // namespace

std::shared_ptr<Vfs> native_vfs(std::string folder) {
  return std::make_shared<PosixVfs>(std::move(folder));
}

}  // namespace quiver::store
