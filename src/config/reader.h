#pragma once

#include <cstdint>
#include <expected>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "config/environment.h"
#include "config/problem.h"
#include "config/secret.h"
#include "runtime/clock.h"

namespace signet::config {

// Collects problems while a document is read. Everything is borrowed.
class Reader {
 public:
  Reader(std::string file, const Document& document, const Environment& environment)
      : file_(std::move(file)), document_(document), environment_(environment) {}

  void problem(Place place, std::string what);
  void warning(Place place, std::string what);

  const Node& node(std::size_t index) const { return document_.nodes[index]; }
  const Environment& environment() const { return environment_; }
  // In the file's order.
  Problems take_problems();
  Problems take_warnings();
  bool failed() const { return !problems_.empty(); }

 private:
  std::string file_;
  const Document& document_;
  const Environment& environment_;
  Problems problems_;
  Problems warnings_;
};

// A mapping of the configuration. Asking for a key makes it known; close() reports what is left.
// Getters leave their target alone when the key is absent, and report what is wrong with its value.
class Section {
 public:
  // `node` may be null: then every key is absent. `name` is its path, e.g. "limits", "" at the top.
  Section(Reader& reader, const Node* node, std::string name);

  // The value of a key, or null when it is absent or has none (which is reported).
  const Node* get(std::string_view key);
  Section section(std::string_view key);
  // The entries of a list; empty when it is absent or no list.
  std::vector<const Node*> list(std::string_view key);
  bool is_empty_list(std::string_view key) const;

  // True when the key was there and `target` was set.
  bool text(std::string_view key, std::string& target);
  // One text, or a list of them, none of them empty or longer than `longest` bytes.
  std::vector<std::string> texts(std::string_view key, std::size_t longest);
  bool boolean(std::string_view key, bool& target);
  bool count(std::string_view key, std::uint32_t& target, std::uint32_t least, std::uint32_t most);
  bool size(std::string_view key, std::uint64_t& target, std::uint64_t least, std::uint64_t most);
  bool duration(std::string_view key, runtime::Duration& target, runtime::Duration least,
                runtime::Duration most);
  bool rate(std::string_view key, std::uint32_t& target);
  // With ${env:NAME} and ${file:PATH} resolved; only bytes that a header value may hold.
  bool secret(std::string_view key, Secret& target);
  // One of `names`; its index.
  std::optional<std::size_t> choice(std::string_view key,
                                    std::initializer_list<std::string_view> names);

  // Keys of the contract that this version cannot do: a problem where they are given.
  void later(std::initializer_list<std::string_view> keys);
  // The keys that are there, for mappings whose keys are the user's own words.
  std::vector<std::string> keys() const;
  // Reports every key that nobody asked for, with the nearest known one.
  void close();

  bool present() const { return node_ != nullptr; }
  // Its path, e.g. "limits"; "" at the top.
  const std::string& name() const { return name_; }
  bool has(std::string_view key) const { return find(key) != nullptr; }
  // Of the key's value, or of the section when it is absent.
  Place place_of(std::string_view key) const;
  // "limits.memory"
  std::string path_of(std::string_view key) const;
  void problem(std::string_view key, std::string_view what);

 private:
  const Node::Member* find(std::string_view key) const;
  template <typename T, typename Parse>
  std::optional<T> unit(std::string_view key, Parse parse);

  Reader& reader_;
  const Node* node_;
  std::string name_;
  std::vector<std::string> known_;
};

// The text of a scalar, or a problem at it: numbers and the like must be quoted to be text.
std::optional<std::string> text_of(Reader& reader, const Node& node, std::string_view path);

// The secret of a scalar, as Section::secret reads it, or a problem at it.
std::optional<Secret> secret_of(Reader& reader, const Node& node, std::string_view path);

// `text` with its ${…} resolved. The error is one sentence and never holds a value.
std::expected<Secret, std::string> resolve_secret(std::string_view text,
                                                  const Environment& environment);

// The one of `known` that was probably meant, "" when none is near.
std::string_view nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace signet::config
