#include "engine/session.h"

#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "base/exception.h"
#include "engine/collection.h"
#include "engine/cursor.h"
#include "engine/query_request.h"
#include "engine/searcher.h"
#include "engine/variety.h"

namespace quiver::engine {

namespace {

/// The numbers of docs/engine-messages.md.
enum class Op : uint32_t {
  kQuery = 1,
  kGet = 2,
  kStats = 3,
  kVerify = 4,
  kList = 5,
  kStream = 6,
  kNext = 7,
  kCloseCursor = 8,
  kRefresh = 9,
  kSnapshot = 10,
  kSlowQueries = 11,
  kWrite = 16,
  kBegin = 17,
  kStage = 18,
  kCommit = 19,
  kCancel = 20,
  kOptimize = 21,
  kRestore = 22,
};

/// Of STATS.
constexpr uint32_t kBuckets = 1;

Error malformed() { return Error{Code::kInvalidArgument, "Malformed request"}; }

Buffer encode_counts(const WriteCounts& counts) {
  ByteWriter writer;
  writer.put(counts.inserted);
  writer.put(counts.updated);
  writer.put(counts.deleted);
  return writer.take();
}

Buffer encode_counts(const SnapshotCounts& counts) {
  ByteWriter writer;
  writer.put(counts.files);
  writer.put(counts.linked);
  writer.put(counts.bytes_copied);
  return writer.take();
}

Buffer encode_number(uint32_t number) {
  ByteWriter writer;
  writer.put(number);
  return writer.take();
}

/// A header of plain numbers at the front of a request.
template <typename Header>
Expected<Header> take_header(ByteReader& reader) {
  auto header = reader.get<Header>();
  if (!header) return malformed();
  return *header;
}

}  // namespace

Session::Session(std::shared_ptr<Collection> collection, const OpenOptions& options,
                 FolderOpener open_folder)
    : collection_(std::move(collection)),
      read_only_(options.read_only),
      durability_(options.durability),
      open_folder_(std::move(open_folder)),
      slow_queries_(options.slow_query) {}
Session::~Session() = default;

Expected<Buffer> Session::read(Bytes request) {
  ByteReader reader(request);
  const auto op = reader.get<uint32_t>();
  if (!op) return malformed();
  const Bytes body = request.subspan(sizeof(uint32_t));
  switch (static_cast<Op>(*op)) {
    case Op::kQuery:
      return query(body);
    case Op::kGet:
      return get(body);
    case Op::kStats:
      return statistics(body);
    case Op::kVerify:
      return collection_->verify();
    case Op::kList:
      return open_list(body);
    case Op::kStream:
      return open_stream(body);
    case Op::kNext:
      return next(body);
    case Op::kCloseCursor:
      return close_cursor(body);
    case Op::kRefresh:
      return refresh();
    case Op::kSnapshot:
      return snapshot(body);
    case Op::kSlowQueries:
      return slow_queries_.encode();
    default:
      return malformed();
  }
}

std::optional<Expected<Buffer>> Session::read_if_short(Bytes request,
                                                       std::chrono::nanoseconds most) {
  ByteReader reader(request);
  const auto op = reader.get<uint32_t>();
  if (!op || static_cast<Op>(*op) != Op::kQuery || collection_->is_to_look()) return std::nullopt;
  const auto parts = QueryParts::split(reader.rest());
  // The pace is of the search: what results hold is read row by row.
  constexpr uint32_t kMostResults = 50;
  if (!parts || parts->header.queries != 1 || parts->header.top_k > kMostResults) {
    return std::nullopt;
  }
  const std::shared_ptr<const View> view = collection_->view();
  if (auto known = remembered(*parts, *view)) return Expected<Buffer>(std::move(*known));
  constexpr uint32_t kLong =
      QueryHeader::kExact | QueryHeader::kIncludeVectors | QueryHeader::kExplain;
  if (!parts->options.empty() || parts->header.has(kLong) ||
      collection_->query_pace().estimate(parts->paced_ef(), parts->paced_filter()) > most) {
    return std::nullopt;
  }
  auto query = QueryRequest::parse(*parts);
  if (!query) return Expected<Buffer>(query.error());
  // To go through columns takes longer than the queries after it.
  if (query->filter && !view->remembers(*query->filter)) return std::nullopt;
  return answer(*query, view);
}

/// The answer to a single query that is known already, if it is not large.
std::optional<Buffer> Session::remembered(const QueryParts& parts, const View& view) const {
  constexpr size_t kMostBytes = size_t{64} << 10;
  ResultCache& cache = collection_->result_cache();
  if (!cache.is_on() || parts.header.has(QueryHeader::kExplain)) return std::nullopt;
  const auto start = Metrics::Clock::now();
  const QueryParts::Key key(parts, 0);
  const auto answer = cache.find_small(*key, view.version, kMostBytes);
  if (!answer) return std::nullopt;
  collection_->metrics().record_query(start);
  return *answer;
}

Expected<std::vector<Hit>> Session::search(const std::shared_ptr<const View>& view,
                                           std::span<const float> query,
                                           const QueryOptions& options, const Variety& variety,
                                           QueryTrace& trace) const {
  if (variety.group_by) return search_grouped(view, query, options, *variety.group_by);
  if (variety.mmr) {
    return search_diverse(*view, collection_->config().metric, query, options, *variety.mmr,
                          &trace);
  }
  return search_view(*view, query, options, &trace);
}

Expected<Buffer> Session::query(Bytes request) {
  const auto parts = QueryParts::split(request);
  if (!parts) return malformed();
  const auto query = QueryRequest::parse(*parts);
  if (!query) return query.error();
  const auto latest = collection_->latest();
  if (!latest) return latest.error();
  return answer(*query, *latest);
}

Expected<Buffer> Session::answer(const QueryRequest& request,
                                 const std::shared_ptr<const View>& view) {
  const QueryParts& parts = request.parts;
  const QueryHeader& header = parts.header;
  const QueryOptions options = request.options();
  const bool is_explained = header.has(QueryHeader::kExplain);
  ResultCache& cache = collection_->result_cache();
  const bool is_cached = cache.is_on() && !is_explained;
  ByteWriter out;
  // Longer would keep those waiting who need this thread.
  constexpr std::chrono::milliseconds kMoment{2};
  std::chrono::nanoseconds spent{0};
  for (uint32_t i = 0; i < header.queries; ++i) {
    if (header.has(QueryHeader::kMayStop) && spent >= kMoment) break;
    QueryTimer timer(collection_->metrics());
    std::optional<QueryParts::Key> key;
    if (is_cached) {
      key.emplace(parts, i);
      if (const auto known = cache.find(**key, view->version)) {
        out.put_bytes(*known);
        spent += timer.stop();
        continue;
      }
    }
    const size_t begin = out.size();
    // Clocks are read for who asks.
    using Clock = std::chrono::steady_clock;
    const auto start = is_explained ? Clock::now() : Clock::time_point();
    const auto query = prepare_query(*view, collection_->config().metric, parts.vector(i));
    if (!query) {
      Error error = query.error();
      error.item = i;
      return error;
    }
    QueryTrace trace;
    trace.is_explained = is_explained;
    if (is_explained) trace.preparing = Clock::now() - start;
    const auto hits = search(view, *query, options, request.variety, trace);
    if (!hits) return hits.error();
    const auto found = is_explained ? Clock::now() : start;
    auto appended =
        append_result_block(*view, *hits, header.has(QueryHeader::kIncludeVectors), out);
    if (!appended) return appended.error();
    if (key) cache.add(**key, view->version, Bytes(out.buffer()).subspan(begin));
    const std::chrono::nanoseconds took = timer.stop();
    if (slow_queries_.counts(took)) {
      slow_queries_.add({std::chrono::system_clock::now(), took, options.top_k, options.ef,
                         static_cast<uint32_t>(hits->size()), trace.kinds.names(),
                         Buffer(parts.filter.begin(), parts.filter.end())});
    }
    if (is_explained) {
      trace.items = view->live();
      trace.results = static_cast<uint32_t>(hits->size());
      trace.result_bytes = out.size();
      trace.fetching = Clock::now() - found;
      trace.total = Clock::now() - start;
      out.put_bytes(trace.encode());
    }
    spent += took;
    if (!options.exact && parts.options.empty()) {
      collection_->query_pace().record(parts.paced_ef(), took, parts.paced_filter());
    }
  }
  return out.take();
}

Expected<Buffer> Session::statistics(Bytes request) {
  if (request.empty()) return collection_->statistics(durability_);
  ByteReader reader(request);
  const auto flags = reader.get<uint32_t>();
  if (!flags) return malformed();
  return collection_->statistics(durability_, (*flags & kBuckets) != 0);
}

Expected<Buffer> Session::get(Bytes request) {
  struct Header {
    uint32_t flags, count;
  };
  ByteReader reader(request);
  const auto header = take_header<Header>(reader);
  if (!header) return header.error();
  ByteReader lengths(request.subspan(sizeof(Header)));
  if (!reader.get_bytes(uint64_t{header->count} * sizeof(uint32_t))) return malformed();
  const auto latest = collection_->latest();
  if (!latest) return latest.error();
  const std::shared_ptr<const View>& view = *latest;
  std::vector<Hit> hits;
  for (uint32_t i = 0; i < header->count; ++i) {
    const auto id = reader.get_bytes(*lengths.get<uint32_t>());
    if (!id) return malformed();
    if (const auto place = view->find(as_text(*id))) {
      hits.push_back({0, static_cast<uint32_t>(place->part), place->row});
    }
  }
  ByteWriter out;
  auto appended =
      append_result_block(*view, hits, (header->flags & QueryHeader::kIncludeVectors) != 0, out);
  if (!appended) return appended.error();
  return out.take();
}

Expected<Buffer> Session::open_list(Bytes request) {
  struct Header {
    uint32_t flags, filter_bytes;
  };
  ByteReader reader(request);
  const auto header = take_header<Header>(reader);
  if (!header) return header.error();
  const auto filter_bytes = reader.get_bytes(header->filter_bytes);
  if (!filter_bytes) return malformed();
  auto filter = parse_filter(*filter_bytes);
  if (!filter) return filter.error();
  auto view = collection_->latest();
  if (!view) return view.error();
  return add_cursor(
      list_cursor(*view, std::move(*filter), (header->flags & QueryHeader::kIncludeVectors) != 0));
}

Expected<Buffer> Session::open_stream(Bytes request) {
  struct Header {
    uint32_t flags;
    float min_score, target_recall;
    uint32_t max_results, dim, filter_bytes;
  };
  ByteReader reader(request);
  const auto header = take_header<Header>(reader);
  if (!header) return header.error();
  const auto vector = reader.get_bytes(uint64_t{header->dim} * sizeof(float));
  if (!vector) return malformed();
  const auto filter_bytes = reader.get_bytes(header->filter_bytes);
  if (!filter_bytes) return malformed();
  auto filter = parse_filter(*filter_bytes);
  if (!filter) return filter.error();
  const auto latest = collection_->latest();
  if (!latest) return latest.error();
  const std::shared_ptr<const View>& view = *latest;
  auto query = prepare_query(*view, collection_->config().metric,
                             {reinterpret_cast<const float*>(vector->data()), header->dim});
  if (!query) return query.error();
  QueryOptions options;
  options.exact = (header->flags & QueryHeader::kExact) != 0;
  set_score_and_recall(options, header->min_score, header->target_recall);
  const uint64_t limit =
      header->max_results == 0 ? std::numeric_limits<uint64_t>::max() : header->max_results;
  return add_cursor(ranked_cursor(view, std::move(*query), options, std::move(*filter), limit,
                                  (header->flags & QueryHeader::kIncludeVectors) != 0));
}

Expected<Buffer> Session::refresh() {
  const auto changed = collection_->refresh();
  if (!changed) return changed.error();
  return encode_number(*changed ? 1 : 0);
}

Expected<Buffer> Session::snapshot(Bytes request) {
  struct Header {
    uint32_t folder_bytes, base_bytes;
  };
  ByteReader reader(request);
  const auto header = take_header<Header>(reader);
  if (!header) return header.error();
  const auto folder = reader.get_bytes(header->folder_bytes);
  if (!folder || folder->empty()) return malformed();
  const auto base = reader.get_bytes(header->base_bytes);
  if (!base) return malformed();
  const auto target = open_folder_(std::string(as_text(*folder)));
  const auto earlier = base->empty() ? nullptr : open_folder_(std::string(as_text(*base)));
  const auto counts = collection_->snapshot(*target, earlier.get());
  if (!counts) return counts.error();
  return encode_counts(*counts);
}

Expected<Buffer> Session::restore(Bytes folder) {
  if (folder.empty()) return malformed();
  const auto counts = collection_->restore(open_folder_(std::string(as_text(folder))));
  if (!counts) return counts.error();
  return encode_counts(*counts);
}

Expected<Buffer> Session::add_cursor(std::shared_ptr<Cursor> cursor) {
  const std::lock_guard lock(mutex_);
  cursors_.emplace(next_number_, std::move(cursor));
  return encode_number(next_number_++);
}

Expected<Buffer> Session::next(Bytes request) {
  struct Header {
    uint32_t cursor, count;
  };
  ByteReader reader(request);
  const auto header = take_header<Header>(reader);
  if (!header) return header.error();
  std::shared_ptr<Cursor> cursor;
  {
    const std::lock_guard lock(mutex_);
    const auto entry = cursors_.find(header->cursor);
    if (entry == cursors_.end()) return Error{Code::kClosed, "The stream is closed"};
    cursor = entry->second;
  }
  return cursor->next(header->count);
}

Expected<Buffer> Session::close_cursor(Bytes request) {
  ByteReader reader(request);
  const auto number = reader.get<uint32_t>();
  if (!number) return malformed();
  const std::lock_guard lock(mutex_);
  cursors_.erase(*number);
  return Buffer{};
}

Expected<std::shared_ptr<Transaction>> Session::find_transaction(uint32_t number) {
  const std::lock_guard lock(mutex_);
  const auto entry = transactions_.find(number);
  if (entry == transactions_.end()) {
    return Error{Code::kNoUpdateInProgress, "No update in progress"};
  }
  return entry->second;
}

Expected<std::shared_ptr<Transaction>> Session::prepare_write(Write& write) {
  ByteReader reader(write.request);
  const auto op = reader.get<uint32_t>();
  if (!op) return malformed();
  if (read_only_) return Error{Code::kReadOnly, "The index was opened for reading only (readOnly)"};
  const Bytes body = write.request.subspan(sizeof(uint32_t));
  if (static_cast<Op>(*op) == Op::kWrite) {
    auto transaction = std::make_shared<Transaction>(durability_);
    if (auto added = transaction->add(body); !added) return added.error();
    return transaction;
  }
  if (static_cast<Op>(*op) == Op::kBegin) {
    // Sooner than at the commit, when the work is done.
    if (auto acquired = collection_->become_writer(); !acquired) return acquired.error();
    const std::lock_guard lock(mutex_);
    transactions_.emplace(next_number_, std::make_shared<Transaction>(durability_));
    write.response = encode_number(next_number_++);
    return std::shared_ptr<Transaction>();
  }
  if (static_cast<Op>(*op) == Op::kOptimize) {
    if (auto requested = collection_->request_optimize(); !requested) return requested.error();
    return std::shared_ptr<Transaction>();
  }
  if (static_cast<Op>(*op) == Op::kRestore) {
    write.response = restore(body);
    return std::shared_ptr<Transaction>();
  }
  const auto number = reader.get<uint32_t>();
  if (!number) return malformed();
  auto transaction = find_transaction(*number);
  if (!transaction) return transaction;
  switch (static_cast<Op>(*op)) {
    case Op::kStage: {
      auto staged = (*transaction)->stage(*collection_->view(), body.subspan(sizeof(uint32_t)));
      if (!staged) return staged.error();
      return std::shared_ptr<Transaction>();
    }
    case Op::kCommit:
    case Op::kCancel: {
      const std::lock_guard lock(mutex_);
      transactions_.erase(*number);
      return static_cast<Op>(*op) == Op::kCommit ? *transaction : nullptr;
    }
    default:
      return malformed();
  }
}

bool Session::is_restore(const Write& write) {
  ByteReader reader(write.request);
  const auto op = reader.get<uint32_t>();
  return op && static_cast<Op>(*op) == Op::kRestore;
}

void Session::write_group(std::span<Write> writes) {
  // A restore is no transaction: those before it are committed first, those after it later.
  for (size_t i = 0; i < writes.size(); ++i) {
    if (!is_restore(writes[i])) continue;
    write_group(writes.first(i));
    if (auto done = writes[i].session->prepare_write(writes[i]); !done) {
      writes[i].response = done.error();
    }
    return write_group(writes.subspan(i + 1));
  }
  std::vector<std::shared_ptr<Transaction>> owned;
  std::vector<Transaction*> transactions;
  std::vector<Write*> committed;
  for (Write& write : writes) {
    auto transaction = write.session->prepare_write(write);
    if (!transaction) {
      write.response = transaction.error();
    } else if (*transaction) {
      transactions.push_back(transaction->get());
      committed.push_back(&write);
      owned.push_back(std::move(*transaction));
    }
  }
  if (transactions.empty()) return;
  std::vector<Expected<WriteCounts>> results(transactions.size(), WriteCounts{});
  Collection& collection = *committed.front()->session->collection_;
  collection.commit(transactions, results);
  Metrics& metrics = collection.metrics();
  for (size_t i = 0; i < results.size(); ++i) {
    if (results[i]) {
      committed[i]->response = encode_counts(*results[i]);
      metrics.inserts.record(Metrics::since(committed[i]->arrived_at));
    } else {
      committed[i]->response = results[i].error();
    }
  }
}

Expected<Buffer> Session::write(Bytes request) {
  Write write{this, request};
  const CpuTimer timer(collection_->metrics().write_cpu);
  write_group({&write, 1});
  return std::move(write.response);
}

Expected<bool> Session::pump(std::chrono::microseconds budget) {
  const auto until = std::chrono::steady_clock::now() + budget;
  auto remains = caught([&] { return maintain(until); });
  if (remains) return remains;
  // A job is not gone on with, whatever happened to it.
  job_.reset();
  collection_->abandon(remains.error());
  return remains;
}

Expected<bool> Session::maintain(std::chrono::steady_clock::time_point until) {
  const CpuTimer timer(collection_->metrics().maintenance_cpu);
  if (auto synced = collection_->sync(); !synced) return synced.error();
  if (auto kept = collection_->keep_lock(); !kept) return kept.error();
  if (!job_) job_ = collection_->next_job();
  if (!job_) {
    collection_->set_progress(true, 0, 0);
    return false;
  }
  const auto is_time_left = [until] { return std::chrono::steady_clock::now() < until; };
  auto done = job_->work(collection_->vfs_for(*job_), is_time_left);
  if (!done) return done;
  collection_->set_progress(false, job_->rows_done(), job_->rows());
  if (!*done) return true;
  if (auto installed = collection_->install(*job_); !installed) return installed.error();
  job_.reset();
  collection_->set_maintenance_error(std::nullopt);
  return true;
}

}  // namespace quiver::engine
