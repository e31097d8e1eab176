#include "engine/transaction.h"

#include <string>
#include <utility>

namespace quiver::engine {

Expected<void> IdOverlay::apply(const View& view, const Operation& operation, uint32_t item) {
  const auto known = exists_.find(operation.id);
  const bool exists = known != exists_.end() ? known->second : view.find(operation.id).has_value();
  if (operation.kind == OperationKind::kInsert && exists) {
    return Error{Code::kItemExists, "Item with id " + std::string(operation.id) + " already exists",
                 item};
  }
  if (operation.kind == OperationKind::kUpdate && !exists) {
    return Error{Code::kItemNotFound,
                 "Item with id " + std::string(operation.id) + " does not exist", item};
  }
  undo_.emplace_back(operation.id,
                     known != exists_.end() ? std::optional<bool>(known->second) : std::nullopt);
  exists_[operation.id] = operation.kind != OperationKind::kDelete;
  return {};
}

void IdOverlay::roll_back() {
  for (; !undo_.empty(); undo_.pop_back()) {
    const auto& [id, before] = undo_.back();
    if (before) {
      exists_[id] = *before;
    } else {
      exists_.erase(id);
    }
  }
}

Expected<void> check_dimensions(uint32_t known, const Batch& batch) {
  if (batch.dim == 0 || known == 0 || batch.dim == known) return {};
  uint32_t item = 0;
  while (batch.operations[item].vector == nullptr) ++item;
  return Error{Code::kDimensionMismatch,
               "Expected a vector of " + std::to_string(known) + " dimensions for item \"" +
                   std::string(batch.operations[item].id) + "\", got " + std::to_string(batch.dim),
               item};
}

Expected<Batch> Transaction::decode(uint32_t known_dim, Part& part) {
  auto batch = decode_batch(part.bytes);
  if (!batch) return batch;
  if (auto fits = check_dimensions(dim_ != 0 ? dim_ : known_dim, *batch); !fits)
    return fits.error();
  return batch;
}

Expected<void> Transaction::stage(const View& view, Bytes bytes) {
  Part part{Buffer(bytes.begin(), bytes.end()), {}};
  auto batch = decode(view.dim, part);
  if (!batch) return batch.error();
  for (uint32_t i = 0; i < batch->operations.size(); ++i) {
    if (auto applied = ids_.apply(view, batch->operations[i], i); !applied) {
      ids_.roll_back();
      return applied;
    }
  }
  ids_.keep();
  operations_ += batch->operations.size();
  if (batch->dim != 0) dim_ = batch->dim;
  part.batch = std::move(*batch);
  parts_.push_back(std::move(part));
  return {};
}

Expected<void> Transaction::add(Bytes bytes) {
  Part part{Buffer(bytes.begin(), bytes.end()), {}};
  auto batch = decode(0, part);
  if (!batch) return batch.error();
  operations_ += batch->operations.size();
  if (batch->dim != 0) dim_ = batch->dim;
  part.batch = std::move(*batch);
  parts_.push_back(std::move(part));
  return {};
}

}  // namespace quiver::engine
