#pragma once

#include <functional>
#include <initializer_list>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/msgpack.h"
#include "filter/model.h"

namespace quiver::filter {

inline const Tree* get(const Tree& map, const std::string& key) {
  for (const auto& [name, value] : map.entries) {
    if (name == key) return &value;
  }
  return nullptr;
}

/// Draws from few values and few names, so that hits are common.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  Tree value(int depth) {
    switch (below(depth > 0 ? 10 : 8)) {
      case 0:
        return {};
      case 1:
        return below(2) == 0;
      case 2:
      case 3:
        return below(5) - 1;
      case 4:
        return below(4) * 0.5;
      case 5:
      case 6:
        return pick({"", "a", "b", "ab", "abc", "é"});
      case 7:
        return binary(pick({"", "a"}));
      case 8: {
        std::vector<Tree> elements(static_cast<size_t>(below(4)));
        for (Tree& element : elements) element = value(depth - 1);
        return array(std::move(elements));
      }
      default:
        return map(
            [&] {
              return pick({"a", "b", "c", "b.c", "a.b", ""});
            },
            [&](const std::string&) { return value(depth - 1); });
    }
  }

  Tree document() {
    Tree tree = value(3);
    while (tree.kind != msgpack::Kind::kMap) tree = value(3);
    return tree;
  }

  Tree filter(int depth) {
    return map(
        [&] {
          if (depth > 0 && below(3) == 0) return pick({"$and", "$or", "$not"});
          return pick({"a", "b", "c", "a.b", "b.c", "a.b.c", "a.a", "b.a", "a.", ".", ""});
        },
        [&](const std::string& key) {
          if (key == "$not") return filter(depth - 1);
          if (key[0] == '$') {
            std::vector<Tree> filters(static_cast<size_t>(below(3)));
            for (Tree& each : filters) each = filter(depth - 1);
            return array(std::move(filters));
          }
          return below(4) == 0 ? value(2) : operators(2, 0);
        });
  }

 private:
  int below(int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); }

  std::string pick(std::initializer_list<const char*> from) {
    return from.begin()[below(static_cast<int>(from.size()))];
  }

  /// A map of up to three distinct keys.
  Tree map(const std::function<std::string()>& key,
           const std::function<Tree(const std::string&)>& make) {
    Tree tree = object({});
    for (int i = below(4); i > 0; --i) {
      const std::string name = key();
      if (get(tree, name) == nullptr) tree.entries.emplace_back(name, make(name));
    }
    return tree;
  }

  Tree operators(int depth, int least) {
    Tree tree = object({});
    do {
      tree = map(
          [&] {
            return pick({"$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$exists",
                         "$contains", depth > 0 ? "$not" : "$eq"});
          },
          [&](const std::string& name) -> Tree {
            if (name == "$not") return operators(depth - 1, 1);
            if (name == "$exists") return below(2) == 0;
            if (name == "$in" || name == "$nin") {
              std::vector<Tree> elements(static_cast<size_t>(below(5)));
              for (Tree& element : elements) element = value(1);
              return array(std::move(elements));
            }
            Tree operand = value(2);
            if (name == "$gt" || name == "$gte" || name == "$lt" || name == "$lte") {
              while (operand.kind != msgpack::Kind::kNumber &&
                     operand.kind != msgpack::Kind::kText) {
                operand = value(0);
              }
            }
            return operand;
          });
    } while (static_cast<int>(tree.entries.size()) < least);
    return tree;
  }

  std::mt19937 random_;
};

}  // namespace quiver::filter
