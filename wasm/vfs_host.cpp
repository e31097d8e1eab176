#include "vfs_host.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

// Defined in host_library.js. Those that return a count in bytes, which may pass 4 GiB, do so as
// double: it is exact up to 2^53.
extern "C" {
int32_t quiver_host_open(const char* path);
int32_t quiver_host_append(int32_t file, const uint8_t* bytes, size_t size);
int32_t quiver_host_sync(int32_t file);
int32_t quiver_host_close(int32_t file);
double quiver_host_size(const char* path);
double quiver_host_modified(const char* path);
int32_t quiver_host_open_to_read(const char* path);
double quiver_host_size_of(int32_t file);
double quiver_host_read_at(int32_t file, uint8_t* into, size_t size, double offset);
int32_t quiver_host_rename(const char* from, const char* to);
int32_t quiver_host_remove(const char* path);
int32_t quiver_host_list(const char* folder);
int32_t quiver_host_exists(const char* path);
int32_t quiver_host_create_exclusive(const char* path, const uint8_t* bytes, size_t size);
int32_t quiver_host_make_folder(const char* path);
int32_t quiver_host_remove_folder(const char* path);
int32_t quiver_host_sync_file(const char* path);
int32_t quiver_host_sync_folder(const char* path);
double quiver_host_owner_pid();
int32_t quiver_host_owner_host();
int32_t quiver_host_owner_start();
int32_t quiver_host_owner_alive(double pid, const char* start, const char* host);
int32_t quiver_host_last_message();
void quiver_host_take(char* into);
}

namespace quiver::wasm {
namespace {

// What the host returns for a failure.
constexpr int kMissing = -1;
constexpr int kPermission = -2;
constexpr int kNoSpace = -3;
constexpr int kExists = -4;
constexpr int kNotEmpty = -6;

/// Rows of a segment are read in place, and start at multiples of this within the file.
constexpr std::align_val_t kAlignment{64};

/// Fetches the text that a host call announced: its length in bytes, or a failure.
std::string take_text(int32_t length) {
  if (length <= 0) return {};
  std::string text(static_cast<size_t>(length), '\0');
  quiver_host_take(text.data());
  return text;
}

/// The error of the host call just made, which returned `status`.
Error host_error(double status, std::string_view doing, const std::string& path) {
  Code code = Code::kIoError;
  if (status == kMissing) code = Code::kMissingFile;
  if (status == kPermission) code = Code::kPermissionDenied;
  if (status == kNoSpace) code = Code::kNoSpace;
  std::string message = "Cannot " + std::string(doing) + " " + path;
  const std::string reason = take_text(quiver_host_last_message());
  if (!reason.empty()) message += ": " + reason;
  return Error{code, std::move(message)};
}

Error too_large(const std::string& path, double size) {
  return Error{Code::kOutOfMemory, "Cannot read " + path + ": no memory for its " +
                                       std::to_string(static_cast<uint64_t>(size)) + " bytes"};
}

class HostFile final : public store::WritableFile {
 public:
  HostFile(int32_t file, std::string path) : file_(file), path_(std::move(path)) {}
  ~HostFile() override { quiver_host_close(file_); }
  HostFile(const HostFile&) = delete;
  HostFile& operator=(const HostFile&) = delete;

  Expected<void> append(Bytes bytes) override {
    if (failure_) return *failure_;
    if (bytes.empty()) return {};
    return check(quiver_host_append(file_, bytes.data(), bytes.size()), "write");
  }

  Expected<void> sync() override {
    if (failure_) return *failure_;
    return check(quiver_host_sync(file_), "sync");
  }

 private:
  Expected<void> check(int32_t status, std::string_view doing) {
    if (status >= 0) return {};
    failure_ = host_error(status, doing, path_);
    return *failure_;
  }

  int32_t file_;
  std::string path_;
  std::optional<Error> failure_;
};

/// Aligned memory that holds a file's content.
class HostFileBytes final : public store::FileBytes {
 public:
  explicit HostFileBytes(size_t size)
      : memory_(static_cast<uint8_t*>(::operator new(size, kAlignment, std::nothrow))),
        size_(size) {}
  ~HostFileBytes() override { ::operator delete(memory_, kAlignment); }
  HostFileBytes(const HostFileBytes&) = delete;
  HostFileBytes& operator=(const HostFileBytes&) = delete;

  /// Null when memory is full.
  uint8_t* memory() { return memory_; }
  void shorten(size_t size) { size_ = size; }

  [[nodiscard]] Bytes bytes() const override { return {memory_, size_}; }

 private:
  uint8_t* memory_;
  size_t size_;
};

/// A descriptor that is closed when it goes out of scope.
class Descriptor {
 public:
  explicit Descriptor(int32_t number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) quiver_host_close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int32_t number() const { return number_; }

 private:
  int32_t number_;
};

/// The content of a file from byte `from` on, on its way into memory.
class HostReading final : public store::FileReading {
 public:
  static Expected<std::shared_ptr<HostReading>> begin(std::string path, uint64_t from) {
    const int32_t number = quiver_host_open_to_read(path.c_str());
    if (number < 0) return host_error(number, "open", path);
    std::shared_ptr<HostReading> reading(new HostReading(number, std::move(path), from));
    const double size = quiver_host_size_of(number);
    if (size < 0) return host_error(size, "read", reading->path_);
    const auto offset = static_cast<double>(from);
    const double rest = size > offset ? size - offset : 0;
    if (rest >= static_cast<double>(std::numeric_limits<size_t>::max())) {
      return too_large(reading->path_, rest);
    }
    reading->file_ = std::make_shared<HostFileBytes>(static_cast<size_t>(rest));
    if (reading->file_->memory() == nullptr) return too_large(reading->path_, rest);
    return reading;
  }

  Expected<bool> step() override {
    constexpr size_t kStep = size_t{1} << 20;
    const size_t wanted = std::min(file_->bytes().size() - done_, kStep);
    if (wanted == 0) return true;
    const double count = quiver_host_read_at(open_.number(), file_->memory() + done_, wanted,
                                             static_cast<double>(from_ + done_));
    if (count < 0) return host_error(count, "read", path_);
    if (count > static_cast<double>(wanted)) {
      return Error{Code::kIoError, "Cannot read " + path_ + ": the host read too much"};
    }
    done_ += static_cast<size_t>(count);
    if (static_cast<size_t>(count) < wanted) file_->shorten(done_);  // it was cut meanwhile
    return done_ == file_->bytes().size();
  }

  [[nodiscard]] const std::string& path() const { return path_; }

  /// What is missing is read at once.
  Expected<std::shared_ptr<const store::FileBytes>> all() {
    for (bool is_done = false; !is_done;) {
      const auto read = step();
      if (!read) return read.error();
      is_done = *read;
    }
    return std::shared_ptr<const store::FileBytes>(file_);
  }

 private:
  HostReading(int32_t number, std::string path, uint64_t from)
      : open_(number), path_(std::move(path)), from_(from) {}

  Descriptor open_;
  std::string path_;
  uint64_t from_;
  std::shared_ptr<HostFileBytes> file_;
  size_t done_ = 0;
};

class HostVfs final : public store::Vfs {
 public:
  explicit HostVfs(std::string folder) : folder_(std::move(folder)) {}

  [[nodiscard]] std::string_view describe() const override { return folder_; }

  Expected<std::unique_ptr<store::WritableFile>> create(std::string_view name) override {
    std::string path = path_of(name);
    const int32_t file = quiver_host_open(path.c_str());
    if (file < 0) return host_error(file, "create", path);
    return std::unique_ptr<store::WritableFile>(std::make_unique<HostFile>(file, std::move(path)));
  }

  Expected<std::shared_ptr<const store::FileBytes>> read(std::string_view name) override {
    const auto ahead = ahead_.lock();
    if (ahead && ahead->path() == path_of(name)) return ahead->all();
    return read_from(name, 0);
  }

  Expected<std::shared_ptr<store::FileReading>> read_ahead(std::string_view name) override {
    auto reading = HostReading::begin(path_of(name), 0);
    if (!reading) return reading.error();
    ahead_ = *reading;
    return std::shared_ptr<store::FileReading>(std::move(*reading));
  }

  Expected<std::shared_ptr<const store::FileBytes>> read_from(std::string_view name,
                                                              uint64_t from) override {
    auto reading = HostReading::begin(path_of(name), from);
    if (!reading) return reading.error();
    return (*reading)->all();
  }

  Expected<uint64_t> size(std::string_view name) override {
    const std::string path = path_of(name);
    const double size = quiver_host_size(path.c_str());
    if (size < 0) return host_error(size, "read", path);
    return static_cast<uint64_t>(size);
  }

  Expected<uint64_t> modified_ms(std::string_view name) override {
    const std::string path = path_of(name);
    const double time = quiver_host_modified(path.c_str());
    if (time < 0) return host_error(time, "look at", path);
    return static_cast<uint64_t>(time);
  }

  Expected<bool> exists(std::string_view name) override {
    const std::string path = path_of(name);
    const int32_t status = quiver_host_exists(path.c_str());
    if (status == kMissing) return false;
    if (status < 0) return host_error(status, "look for", path);
    return status != 0;
  }

  Expected<std::vector<std::string>> list() override {
    std::vector<std::string> names;
    const int32_t length = quiver_host_list(folder_.c_str());
    if (length == kMissing) return names;
    if (length < 0) return host_error(length, "list", folder_);
    const std::string text = take_text(length);  // every name ends with a NUL
    for (size_t start = 0; start < text.size();) {
      const size_t end = text.find('\0', start);
      names.push_back(text.substr(start, end - start));
      start = end + 1;
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  Expected<void> rename(std::string_view from, std::string_view to) override {
    const std::string path = path_of(from);
    return check(quiver_host_rename(path.c_str(), path_of(to).c_str()), "rename", path);
  }

  Expected<void> remove(std::string_view name) override {
    const std::string path = path_of(name);
    return check(quiver_host_remove(path.c_str()), "remove", path);
  }

  Expected<void> create_exclusive(std::string_view name, Bytes content) override {
    const std::string path = path_of(name);
    const int32_t status =
        quiver_host_create_exclusive(path.c_str(), content.data(), content.size());
    if (status == kExists) return Error{Code::kLocked, path + " exists"};
    return check(status, "create", path);
  }

  Expected<void> sync_file(std::string_view name) override {
    const std::string path = path_of(name);
    return check(quiver_host_sync_file(path.c_str()), "sync", path);
  }

  Expected<void> sync_folder() override {
    return check(quiver_host_sync_folder(folder_.c_str()), "sync", folder_);
  }

  Expected<void> make_folder() override {
    return check(quiver_host_make_folder(folder_.c_str()), "make folder", folder_);
  }

  Expected<void> remove_folder_if_empty() override {
    const int32_t status = quiver_host_remove_folder(folder_.c_str());
    // Hosts that cannot tell the two apart report a folder with something in it as kExists.
    if (status == kNotEmpty || status == kExists || status == kMissing) return {};
    return check(status, "remove", folder_);
  }

  store::Owner current_owner() override {
    const double pid = quiver_host_owner_pid();
    store::Owner owner;
    owner.pid = pid > 0 ? static_cast<uint64_t>(pid) : 0;
    owner.start = take_text(quiver_host_owner_start());
    owner.host = take_text(quiver_host_owner_host());
    return owner;
  }

  bool is_alive(const store::Owner& owner) override {
    // A host that cannot tell (a failure) must not make us break a lock: only 0 means dead.
    return quiver_host_owner_alive(static_cast<double>(owner.pid), owner.start.c_str(),
                                   owner.host.c_str()) != 0;
  }

 private:
  static Expected<void> check(int32_t status, std::string_view doing, const std::string& path) {
    if (status < 0) return host_error(status, doing, path);
    return {};
  }

  [[nodiscard]] std::string path_of(std::string_view name) const {
    return folder_ + "/" + std::string(name);
  }

  std::string folder_;
  std::weak_ptr<HostReading> ahead_;
};

}  // namespace

std::shared_ptr<store::Vfs> host_vfs(std::string folder) {
  return std::make_shared<HostVfs>(std::move(folder));
}

}  // namespace quiver::wasm
