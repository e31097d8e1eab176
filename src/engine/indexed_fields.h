#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace quiver::engine {

/// Which fields of metadata are indexed: what a filter asks of others is asked row by row.
class IndexedFields {
 public:
  explicit IndexedFields(const std::vector<std::string>& names)
      : names_(names.begin(), names.end()) {}

  /// Whether the field of that name, or at that path, is one of them, or lies in one.
  [[nodiscard]] bool has(std::string_view path) const {
    for (size_t end = path.size();; end = path.rfind('.', end - 1)) {
      if (end == std::string_view::npos) return false;
      if (names_.count(std::string(path.substr(0, end))) != 0) return true;
      if (end == 0) return false;
    }
  }

 private:
  std::unordered_set<std::string> names_;
};

}  // namespace quiver::engine
