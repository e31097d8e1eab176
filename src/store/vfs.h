#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"

namespace quiver::store {

/// A file being written, front to back. One thread at a time. Closed by the destructor, without a
/// sync.
class WritableFile {
 public:
  virtual ~WritableFile() = default;

  /// Writes all of `bytes` or fails; after a failure the end of the file is unknown.
  virtual Expected<void> append(Bytes bytes) = 0;

  /// Makes the file `size` bytes long where the system can do that quickly, with zeros behind what
  /// was appended, which goes on where it was: a sync that need not write the file's length takes
  /// little more than half the time. Cannot fail: it is not needed.
  virtual void reserve(uint64_t size);

  /// Returns when everything appended is on the disk. A failed sync is final: the system may have
  /// dropped what it could not write, so every later call fails too.
  virtual Expected<void> sync() = 0;
};

/// The whole content of a file, mapped or in memory, for as long as the object lives.
class FileBytes {
 public:
  virtual ~FileBytes() = default;
  [[nodiscard]] virtual Bytes bytes() const = 0;

  /// Whether the system brings the bytes into memory by use and takes them out when it needs room.
  [[nodiscard]] virtual bool is_mapped() const { return false; }
  /// About how many of them are in memory now.
  [[nodiscard]] virtual uint64_t resident() const { return bytes().size(); }
  /// Takes what is mapped out of memory until it is used again.
  virtual void release() const {}
};

/// A file that is read in steps, before Vfs::read() is asked for it: for hosts without threads.
class FileReading {
 public:
  virtual ~FileReading() = default;

  /// Reads some more, in less than a millisecond as a rule; whether that was all.
  virtual Expected<bool> step() = 0;
};

/// Who holds a lock: enough to find out later whether it is still alive.
struct Owner {
  uint64_t pid = 0;
  std::string start;  ///< when the process started, in the system's own words; empty where unknown
  std::string host;
};

/// A file system, seen from one index folder. Names are plain file names, without '/'.
///
/// Errors: MISSING_FILE, PERMISSION_DENIED, NO_SPACE, IO_ERROR; the message names the file.
/// Threads: safe for concurrent calls.
class Vfs {
 public:
  virtual ~Vfs() = default;

  /// Whether what `read` gives comes into memory by use (FileBytes::is_mapped).
  [[nodiscard]] virtual bool maps_files() const { return false; }

  /// The folder's name, for messages and as its identity.
  [[nodiscard]] virtual std::string_view describe() const = 0;

  /// A new file, or an old one emptied.
  virtual Expected<std::unique_ptr<WritableFile>> create(std::string_view name) = 0;
  virtual Expected<std::shared_ptr<const FileBytes>> read(std::string_view name) = 0;
  /// What a file has from byte `from` on, for those who know what stands before; nothing behind its
  /// end.
  virtual Expected<std::shared_ptr<const FileBytes>> read_from(std::string_view name,
                                                               uint64_t from);
  /// Begins to read a file that does not change any more. As long as the object lives, read() does
  /// not do again what it has done. Null where read() takes no longer for a large file.
  virtual Expected<std::shared_ptr<FileReading>> read_ahead(std::string_view name);
  virtual Expected<uint64_t> size(std::string_view name) = 0;
  virtual Expected<bool> exists(std::string_view name) = 0;
  /// When a file was last written, in milliseconds by the file system's own clock. IO_ERROR where
  /// there is none.
  virtual Expected<uint64_t> modified_ms(std::string_view name);

  /// All files, sorted; a folder that does not exist has none.
  virtual Expected<std::vector<std::string>> list() = 0;

  /// Gives a file another name, atomically replacing what had it.
  virtual Expected<void> rename(std::string_view from, std::string_view to) = 0;
  /// A file that is being read stays readable; on Windows it cannot be removed then.
  virtual Expected<void> remove(std::string_view name) = 0;

  /// Gives the file `name` of another folder the name `as` here too, without copying it. False
  /// where that cannot be, or the name is taken: then it has to be copied. Both files must never
  /// change from here on.
  virtual bool link(const Vfs& from, std::string_view name, std::string_view as);

  /// Makes a file with this content appear at once; LOCKED if the name is taken, whoever took it.
  virtual Expected<void> create_exclusive(std::string_view name, Bytes content) = 0;

  /// Returns when all that a file has is on the disk, whoever wrote it.
  virtual Expected<void> sync_file(std::string_view name) = 0;
  /// Returns when creations, renames and removals are on the disk.
  virtual Expected<void> sync_folder() = 0;
  virtual Expected<void> make_folder() = 0;
  virtual Expected<void> remove_folder_if_empty() = 0;

  /// This process, and whether another one may still run. Of one on another host nothing is known:
  /// it may.
  virtual Owner current_owner() = 0;
  virtual bool is_alive(const Owner& owner) = 0;
};

/// `size` bytes of a file from byte `from` on, or as many as it has.
std::shared_ptr<const FileBytes> piece_of(std::shared_ptr<const FileBytes> whole, uint64_t from,
                                          uint64_t size);

/// Writes a file so that it is either the old or the new one, whatever happens: temporary name,
/// sync, rename.
Expected<void> replace_file(Vfs& vfs, std::string_view name, Bytes content);

}  // namespace quiver::store
