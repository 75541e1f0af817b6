#include "config/reader.h"

#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/units.h"

namespace signet::config {

namespace {

std::string_view kind_of(const Node& node) {
  if (node.type == Node::Type::mapping) return "a mapping";
  if (node.type == Node::Type::sequence) return "a list";
  switch (node.scalar) {
    case ScalarType::text: return "text";
    case ScalarType::integer:
    case ScalarType::number: return "a number";
    case ScalarType::boolean: return "true or false";
    case ScalarType::null: return "nothing";
  }
  return "";
}

bool in_order(const Problem& a, const Problem& b) {
  return std::tie(a.place.line, a.place.column, a.what) <
         std::tie(b.place.line, b.place.column, b.what);
}

}  // namespace

void Reader::problem(Place place, std::string what) {
  problems_.push_back({file_, place, std::move(what)});
}

void Reader::warning(Place place, std::string what) {
  warnings_.push_back({file_, place, std::move(what)});
}

Problems Reader::take_problems() {
  std::ranges::sort(problems_, in_order);
  return std::move(problems_);
}

Problems Reader::take_warnings() {
  std::ranges::sort(warnings_, in_order);
  return std::move(warnings_);
}

Section::Section(Reader& reader, const Node* node, std::string name)
    : reader_(reader), node_(node), name_(std::move(name)) {
  if (node_ != nullptr && node_->type != Node::Type::mapping) {
    reader_.problem(node_->place, fmt::format("{} is {}: write a mapping of keys and values",
                                              name_.empty() ? "the file" : name_, kind_of(*node_)));
    node_ = nullptr;
  }
}

const Node::Member* Section::find(std::string_view key) const {
  if (node_ == nullptr) return nullptr;
  auto found = std::ranges::find(node_->members, key, &Node::Member::key);
  return found == node_->members.end() ? nullptr : &*found;
}

std::string Section::path_of(std::string_view key) const {
  return name_.empty() ? std::string(key) : fmt::format("{}.{}", name_, key);
}

Place Section::place_of(std::string_view key) const {
  if (const Node::Member* member = find(key)) return reader_.node(member->value).place;
  return node_ == nullptr ? Place{} : node_->place;
}

void Section::problem(std::string_view key, std::string_view what) {
  reader_.problem(place_of(key), fmt::format("{}: {}", path_of(key), what));
}

const Node* Section::get(std::string_view key) {
  if (std::ranges::find(known_, key) == known_.end()) known_.emplace_back(key);
  const Node::Member* member = find(key);
  if (member == nullptr) return nullptr;
  const Node& value = reader_.node(member->value);
  if (value.type == Node::Type::scalar && value.scalar == ScalarType::null) {
    reader_.problem(member->key_place,
                    fmt::format("{} has no value: give one or leave the key out", path_of(key)));
    return nullptr;
  }
  return &value;
}

Section Section::section(std::string_view key) {
  return {reader_, get(key), path_of(key)};
}

std::vector<const Node*> Section::list(std::string_view key) {
  std::vector<const Node*> entries;
  const Node* value = get(key);
  if (value == nullptr) return entries;
  if (value->type != Node::Type::sequence) {
    problem(key, fmt::format("this is {}: write a list", kind_of(*value)));
    return entries;
  }
  for (std::size_t index : value->items)
    entries.push_back(&reader_.node(index));
  return entries;
}

bool Section::is_empty_list(std::string_view key) const {
  const Node::Member* member = find(key);
  if (member == nullptr) return false;
  const Node& value = reader_.node(member->value);
  return value.type == Node::Type::sequence && value.items.empty();
}

std::optional<std::string> text_of(Reader& reader, const Node& node, std::string_view path) {
  if (node.type != Node::Type::scalar || node.scalar != ScalarType::text) {
    bool quotable = node.type == Node::Type::scalar && node.scalar != ScalarType::null;
    reader.problem(node.place,
                   fmt::format("{}: this is {}: {}", path, kind_of(node),
                               quotable ? fmt::format("write it in quotes, \"{}\"", node.text)
                                        : std::string("write text")));
    return std::nullopt;
  }
  if (node.text.find("${") != std::string::npos) {
    reader.problem(node.place, fmt::format("{}: ${{…}} stands for secrets, which this is not: "
                                           "write the value itself",
                                           path));
    return std::nullopt;
  }
  if (node.text.empty()) {
    reader.problem(node.place, fmt::format("{} is empty: give a value or leave the key out", path));
    return std::nullopt;
  }
  return node.text;
}

std::optional<Secret> secret_of(Reader& reader, const Node& node, std::string_view path) {
  if (node.type != Node::Type::scalar || node.scalar != ScalarType::text) {
    // The text is not repeated: it may be the secret.
    reader.problem(node.place,
                   fmt::format("{}: this is {}: write text, in quotes", path, kind_of(node)));
    return std::nullopt;
  }
  auto secret = resolve_secret(node.text, reader.environment());
  if (!secret) {
    reader.problem(node.place, fmt::format("{}: {}", path, secret.error()));
    return std::nullopt;
  }
  return std::move(*secret);
}

bool Section::text(std::string_view key, std::string& target) {
  const Node* value = get(key);
  if (value == nullptr) return false;
  auto text = text_of(reader_, *value, path_of(key));
  if (text) target = std::move(*text);
  return text.has_value();
}

std::vector<std::string> Section::texts(std::string_view key, std::size_t longest) {
  std::vector<std::string> texts;
  const Node* value = get(key);
  if (value == nullptr) return texts;
  std::vector<const Node*> nodes{value};
  if (value->type == Node::Type::sequence) {
    nodes.clear();
    for (std::size_t index : value->items)
      nodes.push_back(&reader_.node(index));
    if (nodes.empty()) problem(key, "the list is empty: give a value or leave the key out");
  }
  for (const Node* node : nodes) {
    auto text = text_of(reader_, *node, path_of(key));
    if (!text) continue;
    if (text->size() > longest) {
      reader_.problem(node->place,
                      fmt::format("{}: longer than {} bytes: shorten it", path_of(key), longest));
    } else if (std::ranges::find(texts, *text) != texts.end()) {
      reader_.problem(node->place,
                      fmt::format("{}: \"{}\" is there twice: keep one", path_of(key), *text));
    } else {
      texts.push_back(std::move(*text));
    }
  }
  return texts;
}

std::vector<std::string> Section::keys() const {
  std::vector<std::string> keys;
  if (node_ == nullptr) return keys;
  for (const Node::Member& member : node_->members)
    keys.push_back(member.key);
  return keys;
}

bool Section::boolean(std::string_view key, bool& target) {
  const Node* value = get(key);
  if (value == nullptr) return false;
  if (value->type != Node::Type::scalar || value->scalar != ScalarType::boolean) {
    problem(key, fmt::format("this is {}: write true or false", kind_of(*value)));
    return false;
  }
  target = value->text == "true" || value->text == "True" || value->text == "TRUE";
  return true;
}

bool Section::count(std::string_view key, std::uint32_t& target, std::uint32_t least,
                    std::uint32_t most) {
  const Node* value = get(key);
  if (value == nullptr) return false;
  const std::string& text = value->text;
  std::uint32_t number = 0;
  auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (value->type != Node::Type::scalar || value->scalar != ScalarType::integer ||
      error != std::errc() || rest != text.data() + text.size() || number < least ||
      number > most) {
    problem(key, fmt::format("write a whole number from {} to {}", least, most));
    return false;
  }
  target = number;
  return true;
}

template <typename T, typename Parse>
std::optional<T> Section::unit(std::string_view key, Parse parse) {
  const Node* value = get(key);
  if (value == nullptr) return std::nullopt;
  bool scalar = value->type == Node::Type::scalar && value->scalar != ScalarType::boolean;
  auto parsed = parse(scalar ? std::string_view(value->text) : std::string_view());
  if (!scalar) {
    problem(key, fmt::format("this is {}: write a number with a unit", kind_of(*value)));
  } else if (!parsed) {
    problem(key, parsed.error());
  } else {
    return *parsed;
  }
  return std::nullopt;
}

bool Section::size(std::string_view key, std::uint64_t& target, std::uint64_t least,
                   std::uint64_t most) {
  auto size = unit<std::uint64_t>(key, parse_size);
  if (!size) return false;
  if (*size < least || *size > most) {
    problem(key, fmt::format("write {} to {}", size_text(least), size_text(most)));
    return false;
  }
  target = *size;
  return true;
}

bool Section::duration(std::string_view key, runtime::Duration& target, runtime::Duration least,
                       runtime::Duration most) {
  auto duration = unit<runtime::Duration>(key, parse_duration);
  if (!duration) return false;
  if (*duration < least || *duration > most) {
    problem(key, fmt::format("write {} to {}", duration_text(least), duration_text(most)));
    return false;
  }
  target = *duration;
  return true;
}

bool Section::rate(std::string_view key, std::uint32_t& target) {
  auto rate = unit<std::uint32_t>(key, parse_rate);
  if (rate) target = *rate;
  return rate.has_value();
}

bool Section::secret(std::string_view key, Secret& target) {
  const Node* value = get(key);
  if (value == nullptr) return false;
  auto secret = secret_of(reader_, *value, path_of(key));
  if (secret) target = std::move(*secret);
  return secret.has_value();
}

std::optional<std::size_t> Section::choice(std::string_view key,
                                           std::initializer_list<std::string_view> names) {
  const Node* value = get(key);
  if (value == nullptr) return std::nullopt;
  if (value->type == Node::Type::scalar && value->scalar == ScalarType::text) {
    auto found = std::ranges::find(names, value->text);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  }
  problem(key, fmt::format("write one of {}", fmt::join(names, ", ")));
  return std::nullopt;
}

void Section::later(std::initializer_list<std::string_view> keys) {
  for (std::string_view key : keys) {
    known_.emplace_back(key);
    if (const Node::Member* member = find(key)) {
      reader_.problem(
          member->key_place,
          fmt::format("{} is not supported by this version: leave it out", path_of(key)));
    }
  }
}

void Section::close() {
  if (node_ == nullptr) return;
  for (const Node::Member& member : node_->members) {
    if (std::ranges::find(known_, member.key) != known_.end()) continue;
    std::string_view meant = nearest(member.key, known_);
    reader_.problem(member.key_place,
                    meant.empty() ? fmt::format("unknown key \"{}\": known here are {}",
                                                path_of(member.key), fmt::join(known_, ", "))
                                  : fmt::format("unknown key \"{}\": did you mean \"{}\"?",
                                                path_of(member.key), meant));
  }
}

std::string_view nearest(std::string_view word, const std::vector<std::string>& known) {
  std::string_view best;
  // At most one letter in three may be wrong.
  std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
  if (word.size() > 64) return best;
  for (const std::string& name : known) {
    // Optimal string alignment distance, three rows at a time.
    std::vector<std::size_t> before(name.size() + 1);
    std::vector<std::size_t> previous(name.size() + 1);
    std::vector<std::size_t> row(name.size() + 1);
    for (std::size_t j = 0; j <= name.size(); ++j)
      row[j] = j;
    for (std::size_t i = 1; i <= word.size(); ++i) {
      before = std::exchange(previous, row);
      row[0] = i;
      for (std::size_t j = 1; j <= name.size(); ++j) {
        std::size_t changed = previous[j - 1] + (word[i - 1] == name[j - 1] ? 0 : 1);
        row[j] = std::min({changed, previous[j] + 1, row[j - 1] + 1});
        if (i > 1 && j > 1 && word[i - 1] == name[j - 2] && word[i - 2] == name[j - 1]) {
          row[j] = std::min(row[j], before[j - 2] + 1);
        }
      }
    }
    if (row.back() < least) {
      least = row.back();
      best = name;
    }
  }
  return best;
}

}  // namespace signet::config
