#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "engine/config.h"
#include "engine/slow_queries.h"
#include "store/vfs.h"

namespace quiver::engine {

class Collection;
class Cursor;
struct Hit;
class MaintenanceJob;
struct QueryOptions;
struct QueryParts;
struct QueryRequest;
struct QueryTrace;
class Transaction;
struct Variety;
struct View;

/// Opens another folder of the kind that the collection's is.
using FolderOpener = std::function<std::shared_ptr<store::Vfs>(std::string)>;

/// One opened handle on a collection: decodes the messages of docs/engine-messages.md, keeps the
/// handle's cursors and transactions, and calls the collection. Bindings see nothing below it.
///
/// Threads: `read` may be called from any number of threads. `write`, `write_group` and `pump` are
/// called by one thread at a time.
class Session {
 public:
  /// A write request and, after write_group, its response.
  struct Write {
    Session* session;
    Bytes request;
    std::chrono::steady_clock::time_point arrived_at = std::chrono::steady_clock::now();
    Expected<Buffer> response = Buffer{};
  };

  /// Of the options, `read_only` and `durability` are the session's own. `open_folder`: for
  /// snapshots.
  Session(std::shared_ptr<Collection> collection, const OpenOptions& options,
          FolderOpener open_folder);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Answers one read request.
  Expected<Buffer> read(Bytes request);

  /// Answers a read request that is likely to take at most `most`: a query of a kind that has been
  /// as quick before. Nothing otherwise. For hosts for which another thread costs more than that.
  std::optional<Expected<Buffer>> read_if_short(Bytes request, std::chrono::nanoseconds most);

  /// Carries out one write request; returns when it is as durable as the collection promises.
  Expected<Buffer> write(Bytes request);

  /// Carries out write requests in order, of sessions on the same collection, with one fsync for
  /// all the transactions among them (group commit).
  static void write_group(std::span<Write> writes);

  /// Works on background maintenance (building a graph, merging segments) for about `budget`.
  /// Returns whether work remains. For hosts without threads.
  Expected<bool> pump(std::chrono::microseconds budget);

  [[nodiscard]] const std::shared_ptr<Collection>& collection() const { return collection_; }

 private:
  Expected<bool> maintain(std::chrono::steady_clock::time_point until);
  Expected<Buffer> query(Bytes request);
  Expected<Buffer> answer(const QueryRequest& request, const std::shared_ptr<const View>& view);
  Expected<Buffer> statistics(Bytes request);
  [[nodiscard]] std::optional<Buffer> remembered(const QueryParts& parts, const View& view) const;
  [[nodiscard]] Expected<std::vector<Hit>> search(const std::shared_ptr<const View>& view,
                                                  std::span<const float> query,
                                                  const QueryOptions& options,
                                                  const Variety& variety, QueryTrace& trace) const;
  Expected<Buffer> get(Bytes request);
  Expected<Buffer> open_list(Bytes request);
  Expected<Buffer> open_stream(Bytes request);
  Expected<Buffer> next(Bytes request);
  Expected<Buffer> close_cursor(Bytes request);
  Expected<Buffer> refresh();
  Expected<Buffer> snapshot(Bytes request);
  Expected<Buffer> restore(Bytes folder);
  static bool is_restore(const Write& write);
  Expected<Buffer> add_cursor(std::shared_ptr<Cursor> cursor);
  Expected<std::shared_ptr<Transaction>> find_transaction(uint32_t number);
  /// The transaction that the write commits; null if it commits none and is answered already.
  Expected<std::shared_ptr<Transaction>> prepare_write(Write& write);

  std::shared_ptr<Collection> collection_;
  const bool read_only_;
  const Durability durability_;
  const FolderOpener open_folder_;
  SlowQueries slow_queries_;
  std::mutex mutex_;  // guards the two maps
  std::map<uint32_t, std::shared_ptr<Cursor>> cursors_;
  std::map<uint32_t, std::shared_ptr<Transaction>> transactions_;
  uint32_t next_number_ = 1;
  std::unique_ptr<MaintenanceJob> job_;  // of pump
};

}  // namespace quiver::engine
