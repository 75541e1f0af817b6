#include "config/document.h"

#include <algorithm>
#include <array>
#include <istream>
#include <map>
#include <optional>
#include <streambuf>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

namespace signet::config {

namespace {

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// YAML 1.2 §10.3.2: [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_float(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  for (std::string_view special : {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"}) {
    if (text == special) return true;
  }
  if (std::size_t e = text.find_first_of("eE"); e != std::string_view::npos) {
    std::string_view exponent = text.substr(e + 1);
    if (exponent.starts_with('-') || exponent.starts_with('+')) exponent.remove_prefix(1);
    if (!all_digits(exponent)) return false;
    text = text.substr(0, e);
  }
  std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return all_digits(text);
  std::string_view whole = text.substr(0, dot);
  std::string_view fraction = text.substr(dot + 1);
  if (whole.empty()) return all_digits(fraction);
  return all_digits(whole) && (fraction.empty() || all_digits(fraction));
}

ScalarType plain_type(std::string_view text) {
  for (std::string_view null : {"", "~", "null", "Null", "NULL"}) {
    if (text == null) return ScalarType::null;
  }
  for (std::string_view boolean : {"true", "True", "TRUE", "false", "False", "FALSE"}) {
    if (text == boolean) return ScalarType::boolean;
  }
  std::string_view digits = text;
  if (digits.starts_with('-') || digits.starts_with('+')) digits.remove_prefix(1);
  if (all_digits(digits)) return ScalarType::integer;
  for (auto [prefix, alphabet] : {std::pair<std::string_view, std::string_view>{"0o", "01234567"},
                                  {"0x", "0123456789abcdefABCDEF"}}) {
    if (text.starts_with(prefix) && text.size() > 2 &&
        text.find_first_not_of(alphabet, 2) == std::string_view::npos) {
      return ScalarType::integer;
    }
  }
  return is_float(text) ? ScalarType::number : ScalarType::text;
}

// Length of the UTF-8 sequence at the front, 0 when it is none (RFC 3629 §4).
std::size_t utf8_length(std::string_view text) {
  auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

// The first thing in the text that no configuration holds.
std::optional<std::pair<Place, std::string>> bad_bytes(std::string_view text) {
  Place place;
  while (!text.empty()) {
    std::size_t length = utf8_length(text);
    if (length == 0) return std::pair{place, std::string("not UTF-8: save the file as UTF-8")};
    auto c = static_cast<unsigned char>(text[0]);
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) {
      return std::pair{place, fmt::format("a control character (0x{:02x}): remove it", c)};
    }
    place.column += static_cast<int>(length);
    if (c == '\n') place = {place.line + 1, 1};
    text.remove_prefix(length);
  }
  return std::nullopt;
}

Place place_of(const YAML::Mark& mark) {
  return mark.is_null() ? Place{} : Place{mark.line + 1, mark.column + 1};
}

// Ends parsing from inside an event.
struct Stop {
  Place place;
  std::string what;
};

// Builds the tree. yaml-cpp's own tree keeps duplicate keys without a word and grows without bound
// through aliases.
class Builder final : public YAML::EventHandler {
 public:
  Document document;

  explicit Builder(const std::string& file) : file_(file) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add_scalar(place_of(mark), anchor, {}, ScalarType::null);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Place place = place_of(mark);
    auto anchored = anchors_.find(anchor);
    if (anchored == anchors_.end()) throw Stop{place, "an alias inside what it stands for"};
    attach(place, anchored->second, weights_[anchored->second]);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Place place = place_of(mark);
    bool quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    if (!quoted) refuse_tag(place, tag);
    add_scalar(place, anchor, value, quoted ? ScalarType::text : plain_type(value));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Type::sequence, place_of(mark), tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Type::mapping, place_of(mark), tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    std::size_t node;
    YAML::anchor_t anchor;
    std::size_t weight = 1;
    bool has_key = false;  // of a mapping: the next node is a value
    std::string key;
    Place key_place;
  };

  static void refuse_tag(Place place, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") {
      throw Stop{place, fmt::format("the tag \"{}\": tags are not used here, remove it", tag)};
    }
  }

  std::size_t add_node(Node node) {
    document.nodes.push_back(std::move(node));
    weights_.push_back(1);
    return document.nodes.size() - 1;
  }

  void add_scalar(Place place, YAML::anchor_t anchor, const std::string& text, ScalarType type) {
    if (!open_.empty() && expects_key()) {
      take_key(place, text, type);
      return;
    }
    Node node;
    node.place = place;
    node.text = text;
    node.scalar = type;
    std::size_t index = add_node(std::move(node));
    if (anchor != 0) anchors_[anchor] = index;
    attach(place, index, 1);
  }

  void open(Node::Type type, Place place, const std::string& tag, YAML::anchor_t anchor) {
    refuse_tag(place, tag);
    if (!open_.empty() && expects_key()) throw Stop{place, "a key that is not text"};
    if (open_.size() >= static_cast<std::size_t>(kMaxDocumentDepth)) {
      throw Stop{place, fmt::format("nested deeper than {} levels", kMaxDocumentDepth)};
    }
    Node node;
    node.type = type;
    node.place = place;
    Open frame;
    frame.node = add_node(std::move(node));
    frame.anchor = anchor;
    open_.push_back(std::move(frame));
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    weights_[done.node] = done.weight;
    if (done.anchor != 0) anchors_[done.anchor] = done.node;
    attach(document.nodes[done.node].place, done.node, done.weight);
  }

  bool expects_key() const {
    return document.nodes[open_.back().node].type == Node::Type::mapping && !open_.back().has_key;
  }

  void take_key(Place place, const std::string& text, ScalarType type) {
    if (type == ScalarType::null) throw Stop{place, "a key without a name"};
    Open& frame = open_.back();
    frame.has_key = true;
    frame.key = text;
    frame.key_place = place;
  }

  // Hands a finished node to the one that holds it.
  void attach(Place place, std::size_t index, std::size_t weight) {
    if (open_.empty()) {
      document.root = index;
      return;
    }
    if (expects_key()) throw Stop{place, "a key that is not text"};
    Open& frame = open_.back();
    frame.weight += weight;
    if (frame.weight > kMaxDocumentNodes) {
      throw Stop{place, fmt::format("more than {} values, aliases written out", kMaxDocumentNodes)};
    }
    Node& holder = document.nodes[frame.node];
    if (holder.type == Node::Type::sequence) {
      holder.items.push_back(index);
      return;
    }
    frame.has_key = false;
    auto same = std::ranges::find(holder.members, frame.key, &Node::Member::key);
    if (same != holder.members.end()) {
      document.duplicates.push_back(
          {file_, frame.key_place,
           fmt::format("\"{}\" is given twice, first at line {}: keep one", frame.key,
                       same->key_place.line)});
      return;
    }
    holder.members.push_back({std::move(frame.key), frame.key_place, index});
  }

  const std::string& file_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, std::size_t> anchors_;
  std::vector<std::size_t> weights_;  // of each node: itself and all below, aliases written out
};

// Reads a string_view without a copy.
class ViewBuffer final : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

}  // namespace

std::expected<Document, Problems> parse_document(const std::string& file, std::string_view text) {
  auto one = [&](Place place, std::string what) {
    return std::unexpected(Problems{{file, place, std::move(what)}});
  };
  if (text.size() > kMaxDocumentBytes) {
    return one({}, fmt::format("larger than {} bytes", kMaxDocumentBytes));
  }
  if (auto bad = bad_bytes(text)) return one(bad->first, bad->second);
  Builder builder(file);
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) {
      builder.document.nodes.emplace_back();
    } else {
      Builder second(file);
      if (parser.HandleNextDocument(second)) {
        Place place = second.document.nodes.empty()
                          ? Place{}
                          : second.document.nodes[second.document.root].place;
        return one(place,
                   "text after the document's end: a configuration is one document, check the "
                   "indentation");
      }
    }
  } catch (const Stop& stop) {
    return one(stop.place, stop.what);
  } catch (const YAML::Exception& error) {
    return one(place_of(error.mark), fmt::format("not YAML: {}", error.msg));
  }
  return std::move(builder.document);
}

}  // namespace signet::config
