#include "index/graph/row_linker.h"

#include <algorithm>

#include "base/prefetch.h"

namespace quiver::index {
namespace {

/// How much nearer covers, as is_covered() takes it. New rows choose strictly, as in the paper.
/// What is pruned of a full list stays away for good: to prune it a little less finds as much with
/// half of the candidates at insertion. Source: DiskANN, Subramanya et al. 2019, Alg. 2 (α).
constexpr uint32_t kStrict = 10;
constexpr uint32_t kLax = 11;

/// Asks for a list of neighbours ahead of its use.
void prefetch_list(const uint32_t* list, uint32_t capacity) {
  constexpr uint32_t kLineWords = 16;
  for (uint32_t at = 0; at < capacity; at += kLineWords) prefetch(list + at);
}

}  // namespace

/// The distances from `row` to the first `count` of scratch.rows.
void RowLinker::measure(uint32_t row, size_t count, BuildScratch& scratch) const {
  if (scratch.distances.size() < count) scratch.distances.resize(count);
  codes_.kernel->batch(codes_.code(row), codes_.codes, codes_.bytes, scratch.rows.data(), count,
                       scratch.distances.data());
}

/// Greedy search from the top level down to the one above `level`.
uint32_t RowLinker::descend(uint32_t row, uint32_t entry, uint32_t top, uint32_t level,
                            BuildScratch& scratch) const {
  uint32_t current = entry;
  uint32_t best = distance(row, entry);
  for (uint32_t at = top; at > level; --at) {
    for (bool changed = true; changed;) {
      changed = false;
      const auto list = lists_.rows(current, at);
      scratch.rows.assign(list.begin(), list.end());
      measure(row, scratch.rows.size(), scratch);
      for (size_t i = 0; i < scratch.rows.size(); ++i) {
        if (scratch.distances[i] >= best) continue;
        best = scratch.distances[i];
        current = scratch.rows[i];
        changed = true;
      }
    }
  }
  return current;
}

/// The nearest rows that a best-first walk from `start` meets, without `row`: in scratch.pool.
void RowLinker::walk(uint32_t row, uint32_t start, uint32_t level, uint32_t ef,
                     BuildScratch& scratch) const {
  scratch.visited.clear(codes_.rows);
  scratch.visited.insert(row);
  scratch.visited.insert(start);
  scratch.pool.clear(ef);
  if (start != row) scratch.pool.insert(ranked(distance(row, start), start));
  const uint32_t capacity = lists_.capacity(level);
  if (scratch.rows.size() < capacity) scratch.rows.resize(capacity);
  uint32_t* const rows = scratch.rows.data();
  const VisitedSet::Marks visited = scratch.visited.marks();
  for (uint32_t current; scratch.pool.next(current);) {
    size_t count = 0;
    for (const uint32_t next : lists_.rows(current, level)) {
      rows[count] = next;
      count += visited.insert(next) ? 1 : 0;
    }
    measure(row, count, scratch);
    size_t taken = 0;
    for (size_t i = 0; i < count; ++i) {
      const uint32_t met = rows[i];
      if (scratch.pool.insert(ranked(scratch.distances[i], met))) rows[taken++] = met;
    }
    // Nearly all that are taken are expanded sooner or later. All at once, as in walk.h.
    for (size_t i = 0; i < taken; ++i) prefetch_list(lists_.at(rows[i], level), capacity);
  }
}

/// Adds the neighbours that the row has on level 0 to its candidates.
void RowLinker::add_own(uint32_t row, BuildScratch& scratch) const {
  scratch.rows.clear();
  for (const uint32_t next : lists_.rows(row, 0)) {
    const bool is_known =
        std::any_of(scratch.candidates.begin(), scratch.candidates.end(),
                    [next](RankedRow candidate) { return row_of(candidate) == next; });
    if (!is_known) scratch.rows.push_back(next);
  }
  if (scratch.rows.empty()) return;
  measure(row, scratch.rows.size(), scratch);
  for (size_t i = 0; i < scratch.rows.size(); ++i) {
    scratch.candidates.push_back(ranked(scratch.distances[i], scratch.rows[i]));
  }
  std::sort(scratch.candidates.begin(), scratch.candidates.end());
}

/// Whether the candidate is nearer to a chosen row than to the row that chooses, so that there is a
/// way to it: by more than a factor of √(slack / 10), as distances are squared.
bool RowLinker::is_covered(RankedRow candidate, std::span<const RankedRow> chosen,
                           uint32_t slack) const {
  const uint32_t row = row_of(candidate);
  const double apart = as_number(distance_of(candidate)) * kStrict;
  return std::any_of(chosen.begin(), chosen.end(), [this, row, apart, slack](RankedRow other) {
    return as_number(distance(row_of(other), row)) * slack < apart;
  });
}

/// The heuristic: of sorted candidates those that no nearer one covers, at most `limit`.
void RowLinker::select(uint32_t limit, uint32_t slack, BuildScratch& scratch) const {
  scratch.chosen.clear();
  // Too few to be choosy.
  if (scratch.candidates.size() < limit) {
    scratch.chosen = scratch.candidates;
    return;
  }
  // Rows equal to the one that chooses cover nothing. Among many of them a row needs links that
  // lead away.
  auto equal = scratch.candidates.begin();
  while (equal != scratch.candidates.end() && distance_of(*equal) == 0) ++equal;
  const auto most_equal = static_cast<ptrdiff_t>(limit / 2);
  scratch.chosen.assign(scratch.candidates.begin(),
                        std::min(equal, scratch.candidates.begin() + most_equal));
  for (const RankedRow candidate : std::span(equal, scratch.candidates.end())) {
    if (scratch.chosen.size() == limit) return;
    if (!is_covered(candidate, scratch.chosen, slack)) scratch.chosen.push_back(candidate);
  }
}

void RowLinker::choose(uint32_t row, uint32_t level, uint32_t entry, uint32_t top,
                       BuildScratch& scratch, std::span<RankedRow> out) const {
  std::fill(out.begin(), out.end(), kNone);
  uint32_t current = descend(row, entry, top, level, scratch);
  for (uint32_t above = std::min(level, top) + 1; above > 0; --above) {
    const uint32_t at = above - 1;
    walk(row, current, at, ef_, scratch);
    scratch.candidates.clear();
    for (size_t i = 0; i < scratch.pool.size(); ++i) {
      scratch.candidates.push_back(scratch.pool.at(i));
    }
    if (!scratch.candidates.empty()) current = row_of(scratch.candidates.front());
    if (at == 0) add_own(row, scratch);
    select(lists_.m, kStrict, scratch);
    std::copy(scratch.chosen.begin(), scratch.chosen.end(),
              out.begin() + static_cast<ptrdiff_t>(size_t{at} * lists_.m));
  }
}

void RowLinker::link(std::span<const NewLink> links, std::span<const RankedRow> chosen,
                     BuildScratch& scratch) const {
  while (!links.empty()) {
    const uint64_t place = links.front().place;
    const auto other = std::find_if(links.begin(), links.end(),
                                    [place](const NewLink& link) { return link.place != place; });
    auto same = links.first(static_cast<size_t>(other - links.begin()));
    links = links.subspan(same.size());
    const uint32_t target = same.front().target();
    const uint32_t level = same.front().level();
    if (same.front().is_own()) {
      uint32_t* const list = lists_.at(target, level);
      uint32_t count = 0;
      for (const RankedRow next : chosen.subspan(same.front().from, lists_.m)) {
        if (next == kNone) break;
        list[1 + count++] = row_of(next);
      }
      *list = count;
      same = same.subspan(1);
    }
    if (!same.empty()) add_links(target, level, same, scratch);
  }
}

/// Adds links to one list: where there is no room for all, what the heuristic leaves of both.
void RowLinker::add_links(uint32_t target, uint32_t level, std::span<const NewLink> links,
                          BuildScratch& scratch) const {
  uint32_t* const list = lists_.at(target, level);
  const auto old = lists_.rows(target, level);
  scratch.candidates.clear();
  for (const NewLink& link : links) {
    const RankedRow source = link.source();
    const bool is_there = std::find(old.begin(), old.end(), row_of(source)) != old.end();
    if (!is_there) scratch.candidates.push_back(source);
  }
  if (old.size() + scratch.candidates.size() <= lists_.capacity(level)) {
    for (const RankedRow next : scratch.candidates) list[1 + (*list)++] = row_of(next);
    return;
  }
  scratch.rows.assign(old.begin(), old.end());
  measure(target, scratch.rows.size(), scratch);
  for (size_t i = 0; i < scratch.rows.size(); ++i) {
    scratch.candidates.push_back(ranked(scratch.distances[i], scratch.rows[i]));
  }
  std::sort(scratch.candidates.begin(), scratch.candidates.end());
  select(lists_.capacity(level), kLax, scratch);
  *list = static_cast<uint32_t>(scratch.chosen.size());
  for (size_t i = 0; i < scratch.chosen.size(); ++i) list[1 + i] = row_of(scratch.chosen[i]);
}

void RowLinker::offer(uint32_t row, std::span<const uint32_t> offered,
                      BuildScratch& scratch) const {
  uint32_t* const list = lists_.at(row, 0);
  const auto has = [&](uint32_t next) {
    return std::find(list + 1, list + 1 + *list, next) != list + 1 + *list;
  };
  scratch.rows.clear();
  std::copy_if(offered.begin(), offered.end(), std::back_inserter(scratch.rows),
               [&](uint32_t next) { return !has(next); });
  measure(row, scratch.rows.size(), scratch);
  scratch.candidates.clear();
  for (size_t i = 0; i < scratch.rows.size(); ++i) {
    scratch.candidates.push_back(ranked(scratch.distances[i], scratch.rows[i]));
  }
  std::sort(scratch.candidates.begin(), scratch.candidates.end());
  const uint32_t capacity = lists_.capacity(0);
  scratch.chosen.clear();
  for (uint32_t i = 0; i < *list; ++i) scratch.chosen.push_back(ranked(0, list[1 + i]));
  scratch.rows.clear();  // those that the heuristic refuses
  for (const RankedRow candidate : scratch.candidates) {
    if (scratch.chosen.size() == capacity) break;
    if (is_covered(candidate, scratch.chosen, kStrict)) {
      scratch.rows.push_back(row_of(candidate));
    } else {
      scratch.chosen.push_back(candidate);
    }
  }
  uint32_t count = 0;
  for (const RankedRow next : scratch.chosen) list[1 + count++] = row_of(next);
  for (const uint32_t next : scratch.rows) {
    if (count * 4 >= capacity * 3) break;
    list[1 + count++] = next;
  }
  *list = count;
}

}  // namespace quiver::index
