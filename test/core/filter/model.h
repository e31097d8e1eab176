#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/msgpack.h"

namespace quiver::filter {

/// A JSON-like tree for tests: documents and filters are built as such and then encoded.
struct Tree {
  msgpack::Kind kind = msgpack::Kind::kNil;
  bool boolean = false;
  double number = 0;
  std::string text;
  std::vector<Tree> elements;
  std::vector<std::pair<std::string, Tree>> entries;

  Tree() = default;
  Tree(bool value) : kind(msgpack::Kind::kBoolean), boolean(value) {}   // NOLINT: implicit
  Tree(int value) : kind(msgpack::Kind::kNumber), number(value) {}      // NOLINT: implicit
  Tree(double value) : kind(msgpack::Kind::kNumber), number(value) {}   // NOLINT: implicit
  Tree(const char* value) : kind(msgpack::Kind::kText), text(value) {}  // NOLINT: implicit
  Tree(std::string value)
      : kind(msgpack::Kind::kText), text(std::move(value)) {}  // NOLINT: implicit
};

inline Tree array(std::vector<Tree> elements) {
  Tree tree;
  tree.kind = msgpack::Kind::kArray;
  tree.elements = std::move(elements);
  return tree;
}

inline Tree object(std::vector<std::pair<std::string, Tree>> entries) {
  Tree tree;
  tree.kind = msgpack::Kind::kMap;
  tree.entries = std::move(entries);
  return tree;
}

inline Tree binary(std::string bytes) {
  Tree tree;
  tree.kind = msgpack::Kind::kBinary;
  tree.text = std::move(bytes);
  return tree;
}

inline void write(msgpack::Writer& out, const Tree& tree) {
  switch (tree.kind) {
    case msgpack::Kind::kNil:
      return out.nil();
    case msgpack::Kind::kBoolean:
      return out.boolean(tree.boolean);
    case msgpack::Kind::kNumber:
      return out.number(tree.number);
    case msgpack::Kind::kText:
      return out.text(tree.text);
    case msgpack::Kind::kBinary:
      return out.binary(as_bytes(std::string_view(tree.text)));
    case msgpack::Kind::kArray:
      out.array(static_cast<uint32_t>(tree.elements.size()));
      for (const Tree& element : tree.elements) write(out, element);
      return;
    case msgpack::Kind::kMap:
      out.map(static_cast<uint32_t>(tree.entries.size()));
      for (const auto& [key, value] : tree.entries) {
        out.text(key);
        write(out, value);
      }
      return;
  }
}

inline Buffer encode(const Tree& tree) {
  msgpack::Writer out;
  write(out, tree);
  return out.take();
}

/// For failure messages: JSON, with binary as <…>.
inline std::string print(const Tree& tree) {
  std::string out;
  switch (tree.kind) {
    case msgpack::Kind::kNil:
      return "null";
    case msgpack::Kind::kBoolean:
      return tree.boolean ? "true" : "false";
    case msgpack::Kind::kNumber:
      return std::to_string(tree.number);
    case msgpack::Kind::kText:
      return '"' + tree.text + '"';
    case msgpack::Kind::kBinary:
      return '<' + tree.text + '>';
    case msgpack::Kind::kArray:
      for (const Tree& each : tree.elements) out += (out.empty() ? "" : ", ") + print(each);
      return '[' + out + ']';
    case msgpack::Kind::kMap:
      for (const auto& [key, value] : tree.entries) {
        out += (out.empty() ? "\"" : ", \"") + key + "\": " + print(value);
      }
      return '{' + out + '}';
  }
  return out;
}

}  // namespace quiver::filter
