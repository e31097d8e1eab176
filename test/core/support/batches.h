#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "base/msgpack.h"
#include "engine/batch.h"

namespace quiver::test {

/// Collects operations and owns what they borrow.
class BatchMaker {
 public:
  explicit BatchMaker(uint32_t dim) : dim_(dim) {}

  BatchMaker& add(engine::OperationKind kind, std::string id, std::vector<float> vector = {},
                  Buffer metadata = {}) {
    entries_.push_back({kind, std::move(id), std::move(vector), std::move(metadata)});
    return *this;
  }
  BatchMaker& insert(std::string id, std::vector<float> vector, Buffer metadata = {}) {
    return add(engine::OperationKind::kInsert, std::move(id), std::move(vector),
               std::move(metadata));
  }
  BatchMaker& upsert(std::string id, std::vector<float> vector, Buffer metadata = {}) {
    return add(engine::OperationKind::kUpsert, std::move(id), std::move(vector),
               std::move(metadata));
  }
  BatchMaker& remove(std::string id) { return add(engine::OperationKind::kDelete, std::move(id)); }

  [[nodiscard]] Buffer encode() const {
    std::vector<engine::Operation> operations;
    for (const Entry& entry : entries_) {
      operations.push_back({entry.kind, entry.id,
                            entry.vector.empty() ? nullptr : entry.vector.data(), entry.metadata});
    }
    return engine::encode_batch(dim_, operations);
  }

 private:
  struct Entry {
    engine::OperationKind kind;
    std::string id;
    std::vector<float> vector;
    Buffer metadata;
  };

  uint32_t dim_;
  std::vector<Entry> entries_;
};

/// The metadata {n: number}.
inline Buffer number_metadata(double number) {
  msgpack::Writer writer;
  writer.map(1);
  writer.text("n");
  writer.number(number);
  return writer.take();
}

inline std::vector<float> random_vector(std::mt19937& random, uint32_t dim) {
  std::normal_distribution<float> normal;
  std::vector<float> vector(dim);
  for (float& x : vector) x = normal(random);
  return vector;
}

/// Upserts of items with the ids `first` … `last` - 1 and vectors that follow from `first`.
inline BatchMaker numbered_rows(uint32_t first, uint32_t last, uint32_t dim) {
  std::mt19937 random(first);
  BatchMaker batch(dim);
  for (uint32_t i = first; i < last; ++i)
    batch.upsert(std::to_string(i), random_vector(random, dim));
  return batch;
}

}  // namespace quiver::test
