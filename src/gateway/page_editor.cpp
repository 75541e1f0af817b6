#include "gateway/page_editor.h"

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

// Where the tag that begins at `at` ends, behind its ">"; npos: it does not. Values may hold one.
std::size_t after_tag(std::string_view page, std::size_t at) {
  char quote = '\0';
  bool is_value = false;
  for (; at < page.size(); ++at) {
    const char c = page[at];
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '>') {
      return at + 1;
    } else if (is_value && (c == '"' || c == '\'')) {
      quote = c;
      is_value = false;
    } else if (!is_space(c)) {
      is_value = c == '=';
    }
  }
  return std::string_view::npos;
}

// Behind the page's <head>, which only comments, the doctype and <html> come before; npos: there is
// no such tag.
std::size_t after_head_tag(std::string_view page) {
  std::size_t at = page.find('<');
  while (at != std::string_view::npos) {
    const std::string_view rest = page.substr(at);
    if (rest.starts_with("<!--")) {
      // "<!-->" is a whole comment too.
      const std::size_t end = page.find("-->", at + 2);
      if (end == std::string_view::npos) break;
      at = end + 3;
    } else {
      const std::string_view name = rest.substr(1, 4);
      const bool ends = rest.size() > 5 && (is_space(rest[5]) || rest[5] == '>' || rest[5] == '/');
      const std::size_t end = after_tag(page, at);
      if (ends && equals_ignoring_case(name, "head")) return end;
      // Once the body has begun, a <head> is none.
      if (end == std::string_view::npos || (ends && equals_ignoring_case(name, "body"))) break;
      at = end;
    }
    at = page.find('<', at);
  }
  return std::string_view::npos;
}

}  // namespace

std::string edit_page(std::string_view page) {
  return Copier(page).run();
}

std::string with_script(std::string_view page, std::string_view address) {
  const std::size_t at = after_head_tag(page);
  if (at == std::string_view::npos) return std::string(page);
  std::string edited;
  edited.reserve(page.size() + address.size() + 32);
  edited += page.substr(0, at);
  edited += "<script src=\"";
  edited += address;
  edited += "\"></script>";
  edited += page.substr(at);
  return edited;
}

}  // namespace signet::gateway
