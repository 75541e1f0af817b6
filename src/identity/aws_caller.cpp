#include "identity/aws_caller.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <expat.h>
#include <fmt/format.h>

#include "config/access.h"
#include "http/characters.h"

namespace signet::identity {

namespace {

constexpr std::size_t kMaxDepth = 16;
constexpr std::size_t kMaxElements = 64;
constexpr std::size_t kMaxText = 2048;
constexpr std::size_t kMaxName = 64;

enum Part : std::size_t { kArn, kAccount, kUserId, kCode, kParts };
constexpr std::array<std::string_view, kParts> kPaths{
    "/GetCallerIdentityResponse/GetCallerIdentityResult/Arn",
    "/GetCallerIdentityResponse/GetCallerIdentityResult/Account",
    "/GetCallerIdentityResponse/GetCallerIdentityResult/UserId",
    "/ErrorResponse/Error/Code",
};

std::unexpected<ProofFailure> failure(ProofError error, std::string detail) {
  return std::unexpected(ProofFailure{error, std::move(detail)});
}
std::unexpected<ProofFailure> no_answer(std::string_view what) {
  return failure(ProofError::bad_answer, fmt::format("the answer of STS is {}", what));
}

bool is_graphic(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; });
}

bool is_account(std::string_view text) {
  return text.size() == 12 && std::ranges::all_of(text, http::character::is_digit);
}

// Of roles and of their sessions (IAM and STS).
bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxName && std::ranges::all_of(text, [](char c) {
    return http::character::is_alpha(c) || http::character::is_digit(c) ||
           std::string_view("_+=,.@-").contains(c);
  });
}

class Reader {
 public:
  Reader() : parser_(XML_ParserCreate("UTF-8")) {
    XML_SetUserData(parser_.get(), this);
    XML_SetElementHandler(parser_.get(), start, end);
    XML_SetCharacterDataHandler(parser_.get(), characters);
    // Entities of its own can only be declared in a document type.
    XML_SetStartDoctypeDeclHandler(parser_.get(), doctype);
  }

  // The texts, by Part; or what is wrong.
  std::expected<std::array<std::optional<std::string>, kParts>, std::string> read(
      std::string_view xml) {
    const auto status =
        XML_Parse(parser_.get(), xml.data(), static_cast<int>(xml.size()), XML_TRUE);
    if (problem_ != nullptr) return std::unexpected(problem_);
    if (status != XML_STATUS_OK) return std::unexpected("no XML");
    return std::move(parts_);
  }

 private:
  void stop(const char* problem) {
    if (problem_ == nullptr) problem_ = problem;
    XML_StopParser(parser_.get(), XML_FALSE);
  }

  void open(std::string_view name) {
    if (depths_.size() == kMaxDepth) return stop("XML that is nested too deeply");
    if (++elements_ > kMaxElements) return stop("XML of too many elements");
    depths_.push_back(path_.size());
    // Long names match nothing, and must not make the path grow.
    path_ += '/';
    path_ += name.substr(0, 64);
    current_.reset();
    const auto* found = std::ranges::find(kPaths, path_);
    if (found == kPaths.end()) return;
    current_ = static_cast<std::size_t>(found - kPaths.begin());
    if (parts_[*current_]) return stop("XML with an element that is there twice");
    parts_[*current_].emplace();
  }

  void close() {
    // expat ends an empty element even when its start stopped the parser.
    if (problem_ != nullptr) return;
    path_.resize(depths_.back());
    depths_.pop_back();
    current_.reset();
  }

  void append(std::string_view text) {
    if (!current_ || problem_ != nullptr) return;
    std::string& part = *parts_[*current_];
    if (text.size() > kMaxText - part.size()) return stop("XML with an element that is too long");
    part += text;
  }

  static Reader& of(void* self) { return *static_cast<Reader*>(self); }
  static void XMLCALL start(void* self, const XML_Char* name, const XML_Char**) {
    of(self).open(name);
  }
  static void XMLCALL end(void* self, const XML_Char*) { of(self).close(); }
  static void XMLCALL characters(void* self, const XML_Char* text, int length) {
    of(self).append({text, static_cast<std::size_t>(length)});
  }
  static void XMLCALL doctype(void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    of(self).stop("XML with a document type");
  }

  struct Free {
    void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
  };
  std::unique_ptr<std::remove_pointer_t<XML_Parser>, Free> parser_;
  const char* problem_ = nullptr;
  std::string path_;
  std::vector<std::size_t> depths_;
  std::size_t elements_ = 0;
  std::optional<std::size_t> current_;
  std::array<std::optional<std::string>, kParts> parts_;
};

// The text up to the next ":", and `rest` moves past it.
std::string_view next_part(std::string_view& rest) {
  const std::size_t colon = std::min(rest.find(':'), rest.size());
  const std::string_view part = rest.substr(0, colon);
  rest.remove_prefix(std::min(colon + 1, rest.size()));
  return part;
}

}  // namespace

std::expected<CallerIdentity, ProofFailure> parse_caller_identity(std::string_view xml) {
  if (xml.size() > kMaxCallerAnswer) return no_answer("larger than 64 KiB");
  auto parts = Reader().read(xml);
  if (!parts) return no_answer(parts.error());
  if ((*parts)[kCode]) {
    const std::string& code = *(*parts)[kCode];
    const bool plain = !code.empty() && code.size() <= 128 && std::ranges::all_of(code, [](char c) {
      return http::character::is_alpha(c) || http::character::is_digit(c) || c == '.' || c == '_' ||
             c == '-' || c == ':';
    });
    if (!plain) return no_answer("an error whose code is none");
    return failure(ProofError::refused, fmt::format("STS refuses the proof: {}", code));
  }
  CallerIdentity identity;
  for (auto [part, into] : {std::pair{kArn, &identity.arn}, std::pair{kAccount, &identity.account},
                            std::pair{kUserId, &identity.user_id}}) {
    if (!(*parts)[part] || !is_graphic(*(*parts)[part])) {
      return no_answer("without a printable Arn, Account and UserId");
    }
    *into = std::move(*(*parts)[part]);
  }
  if (!is_account(identity.account)) return no_answer("of an Account that is not 12 digits");
  return identity;
}

std::expected<AwsCaller, ProofFailure> role_of(const CallerIdentity& identity,
                                               std::string_view partition) {
  std::string_view rest = identity.arn;
  const std::string_view arn = next_part(rest);
  const std::string_view its_partition = next_part(rest);
  const std::string_view service = next_part(rest);
  const std::string_view region = next_part(rest);
  const std::string_view account = next_part(rest);
  if (arn != "arn" || its_partition != partition || account != identity.account) {
    return no_answer("an ARN of another partition or account");
  }
  constexpr std::string_view kRole = "assumed-role/";
  if (service != "sts" || !region.empty() || !rest.starts_with(kRole)) {
    return failure(ProofError::not_a_role, "the proof is by a user, root or a federated user");
  }
  rest.remove_prefix(kRole.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view role = rest.substr(0, slash);
  const std::string_view session = rest.substr(std::min(slash + 1, rest.size()));
  if (!is_name(role) || !is_name(session)) {
    return no_answer("an ARN of a role without a name, or without a session");
  }
  AwsCaller caller;
  caller.partition = its_partition;
  caller.account = account;
  caller.role = role;
  caller.session = session;
  caller.user_id = identity.user_id;
  return caller;
}

bool role_fits(std::string_view pattern, const AwsCaller& caller) {
  const std::string before = fmt::format("arn:{}:iam::{}:role/", caller.partition, caller.account);
  if (!pattern.starts_with(before)) return false;
  std::string_view name = pattern.substr(before.size());
  if (name.empty() || name.contains('/') || name.contains(':')) return false;
  if (!name.ends_with('*')) return name == caller.role;
  name.remove_suffix(1);
  return !name.contains('*') && caller.role.starts_with(name);
}

std::expected<Person, ProofFailure> person_of(const AwsCaller& caller,
                                              const std::vector<config::AwsRole>& roles) {
  Person person;
  bool known = false;
  for (const config::AwsRole& role : roles) {
    if (!role_fits(role.arn, caller)) continue;
    known = true;
    for (const std::string& group : role.groups) {
      if (std::ranges::find(person.groups, group) == person.groups.end()) {
        person.groups.push_back(group);
      }
    }
  }
  if (!known) {
    return failure(ProofError::unknown_role,
                   fmt::format("no entry of aws_roles names the role {} of account {}", caller.role,
                               caller.account));
  }
  person.id =
      config::person_id(fmt::format("{}{}:role/{}", kAwsPersonPrefix, caller.account, caller.role));
  person.name = caller.session;
  return person;
}

}  // namespace signet::identity
