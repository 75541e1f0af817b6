#include "gateway/page_editor.h"

#include <algorithm>

namespace signet::gateway {

namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) {
  if (text.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (lower(text[i]) != lower_case[i]) return false;
  }
  return true;
}

// Copies a page piece by piece, one tag at a time (HTML standard §13.1.2, as far as start tags with
// quoted or unquoted attribute values need).
class Copier {
 public:
  explicit Copier(std::string_view page) : page_(page) { out_.reserve(page.size() + 64); }

  std::string run() {
    while (at_ < page_.size()) {
      std::size_t open = page_.find('<', at_);
      copy_to(open);
      if (open == std::string_view::npos) break;
      if (page_.substr(at_).starts_with("<!--")) {
        copy_past("-->");
      } else {
        tag();
      }
    }
    return std::move(out_);
  }

 private:
  void copy_to(std::size_t end) {
    if (end > page_.size()) end = page_.size();
    out_ += page_.substr(at_, end - at_);
    at_ = end;
  }
  void copy_past(std::string_view mark) {
    std::size_t found = page_.find(mark, at_);
    copy_to(found == std::string_view::npos ? found : found + mark.size());
  }

  void tag() {
    std::size_t name_end = at_ + 1;
    while (name_end < page_.size() && !is_space(page_[name_end]) && page_[name_end] != '>') {
      ++name_end;
    }
    std::string_view name = page_.substr(at_ + 1, name_end - at_ - 1);
    copy_to(name_end);
    while (at_ < page_.size() && page_[at_] != '>')
      attribute();
    copy_to(at_ + 1);
    // What a script holds is no markup.
    if (equals_ignoring_case(name, "script")) copy_to(page_.find("</", at_));
  }

  void attribute() {
    std::size_t start = at_;
    while (start < page_.size() && (is_space(page_[start]) || page_[start] == '/'))
      ++start;
    copy_to(start);
    std::size_t name_end = start;
    while (name_end < page_.size() && !is_space(page_[name_end]) && page_[name_end] != '=' &&
           page_[name_end] != '>') {
      ++name_end;
    }
    std::string_view name = page_.substr(start, name_end - start);
    copy_to(name_end);
    std::size_t value = at_;
    while (value < page_.size() && is_space(page_[value]))
      ++value;
    if (value >= page_.size() || page_[value] != '=') return;
    ++value;
    while (value < page_.size() && is_space(page_[value]))
      ++value;
    copy_to(value);
    attribute_value(equals_ignoring_case(name, "src") || equals_ignoring_case(name, "href"));
  }

  void attribute_value(bool is_link) {
    if (at_ >= page_.size()) return;
    char quote = page_[at_] == '"' || page_[at_] == '\'' ? page_[at_] : '\0';
    if (quote != '\0') copy_to(at_ + 1);
    std::string_view rest = page_.substr(at_);
    if (is_link && rest.starts_with('/') && !rest.starts_with("//")) out_ += '.';
    std::size_t end = at_;
    if (quote != '\0') {
      end = page_.find(quote, at_);
      if (end != std::string_view::npos) ++end;
    } else {
      while (end < page_.size() && !is_space(page_[end]) && page_[end] != '>')
        ++end;
    }
    copy_to(end);
  }

  std::string_view page_;
  std::string out_;
  std::size_t at_ = 0;
};

}  // namespace

std::string edit_page(std::string_view page) {
  return Copier(page).run();
}

std::string with_script(std::string_view page, std::string_view address) {
  const std::string_view open = "<head";
  for (std::size_t at = page.find('<'); at != std::string_view::npos; at = page.find('<', at + 1)) {
    const std::string_view tag = page.substr(at, open.size() + 1);
    const bool is_head =
        tag.size() == open.size() + 1 &&
        std::ranges::equal(tag.substr(0, open.size()), open,
                           [](char a, char b) { return (a | 0x20) == (b | 0x20); }) &&
        (tag.back() == '>' || tag.back() == ' ');
    if (!is_head) continue;
    const std::size_t end = page.find('>', at);
    if (end == std::string_view::npos) break;
    std::string edited(page.substr(0, end + 1));
    edited += "<script src=\"";
    edited += address;
    edited += "\"></script>";
    edited += page.substr(end + 1);
    return edited;
  }
  return std::string(page);
}

}  // namespace signet::gateway
