#include "credentials/ini.h"

#include <algorithm>

namespace signet::credentials {

namespace {

constexpr std::string_view kSpace = " \t";

std::string_view trim(std::string_view text) {
  std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool starts_comment(char c) {
  return c == '#' || c == ';';
}

// Up to a comment, which has a space before it: secrets may contain # and ; themselves.
std::string_view without_comment(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (starts_comment(text[i]) && kSpace.contains(text[i - 1])) return text.substr(0, i);
  }
  return text;
}

bool is_control(char c) {
  auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7F;
}

class Parser {
 public:
  std::expected<std::vector<Section>, IniError> parse(std::string_view text) {
    if (text.size() > kMaxIniBytes) return std::unexpected(IniError{0, "larger than 1 MiB"});
    while (!text.empty()) {
      ++line_;
      std::size_t end = text.find('\n');
      std::string_view line = text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (const char* problem = take(line)) return std::unexpected(IniError{line_, problem});
    }
    return std::move(sections_);
  }

 private:
  // What is wrong with the line, or null.
  const char* take(std::string_view line) {
    if (line.size() > kMaxIniLine) return "a line of more than 64 KiB";
    if (std::ranges::any_of(line, is_control)) return "a control character";
    if (trim(line).empty() || starts_comment(line.front())) return nullptr;
    if (kSpace.contains(line.front())) {
      if (sections_.empty() || sections_.back().properties.empty()) {
        return "an indented line that continues nothing";
      }
      return nullptr;
    }
    return line.front() == '[' ? take_section(line) : take_property(line);
  }

  const char* take_section(std::string_view line) {
    std::size_t close = line.find(']');
    if (close == std::string_view::npos) return "a section without \"]\"";
    std::string_view rest = trim(line.substr(close + 1));
    if (!rest.empty() && !starts_comment(rest.front())) return "text behind \"]\"";
    std::string_view name = trim(line.substr(1, close - 1));
    if (name.empty()) return "a section without a name";
    if (name.contains('[')) return "a second \"[\"";
    if (std::ranges::any_of(sections_, [&](const Section& s) { return s.name == name; })) {
      return "a section that is there already";
    }
    if (sections_.size() == kMaxSections) return "more than 1000 sections";
    Section& section = sections_.emplace_back();
    section.name = name;
    section.line = line_;
    return nullptr;
  }

  const char* take_property(std::string_view line) {
    std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return "neither a [section] nor a name = value";
    if (sections_.empty()) return "a setting before the first [section]";
    std::string_view written = trim(line.substr(0, equals));
    if (written.empty()) return "a setting without a name";
    std::string name(written);
    std::ranges::transform(name, name.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    auto& properties = sections_.back().properties;
    if (std::ranges::any_of(properties, [&](const Property& p) { return p.name == name; })) {
      return "a setting that its section has already";
    }
    if (properties.size() == kMaxProperties) return "more than 100 settings in a section";
    Property& property = properties.emplace_back();
    property.name = std::move(name);
    property.value = trim(without_comment(line.substr(equals + 1)));
    property.line = line_;
    return nullptr;
  }

  int line_ = 0;
  std::vector<Section> sections_;
};

}  // namespace

std::expected<std::vector<Section>, IniError> parse_ini(std::string_view text) {
  return Parser().parse(text);
}

}  // namespace signet::credentials
