#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "config/problem.h"

namespace signet::config {

// What a scalar is by YAML 1.2's core schema (§10.3.2).
enum class ScalarType : std::uint8_t { text, integer, number, boolean, null };

// A node of a YAML document. Aliases are the node they stand for.
struct Node {
  enum class Type : std::uint8_t { scalar, sequence, mapping };
  struct Member {
    std::string key;
    Place key_place;
    std::size_t value;  // index into Document::nodes
  };

  Type type = Type::scalar;
  Place place;
  std::string text;  // of a scalar
  ScalarType scalar = ScalarType::null;
  std::vector<std::size_t> items;  // of a sequence: indexes into Document::nodes
  std::vector<Member> members;     // of a mapping, in the file's order; keys are unique
};

struct Document {
  std::vector<Node> nodes;
  std::size_t root = 0;
  Problems duplicates;  // keys given twice; the later ones are not in the tree
};

inline constexpr std::size_t kMaxDocumentBytes = 1024 * 1024;
inline constexpr int kMaxDocumentDepth = 32;
// With every alias written out.
inline constexpr std::size_t kMaxDocumentNodes = 10000;

// Parses one YAML document. Refused beyond bad YAML: what is not UTF-8, control characters, a
// second document, tags, keys that are not text, a key given twice, and anything over the bounds
// above. `file` is what problems call it. An empty text is a document whose root is null.
std::expected<Document, Problems> parse_document(const std::string& file, std::string_view text);

}  // namespace signet::config
