#include "portal_api/token_api.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "config/access.h"
#include "crypto/secret.h"
#include "identity/form.h"
#include "identity/opaque_token.h"
#include "portal_api/answers.h"
#include "portal_api/token_json.h"

namespace signet::portal_api {

using state::Token;
using state::TokenKind;

namespace {

constexpr std::size_t kIdBytes = 8;
constexpr std::int64_t kDay = 86'400;

std::int64_t seconds(runtime::Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

bool is_narrowed(const Caller& caller) {
  return caller.means == identity::Means::token &&
         (caller.at_most != state::kNoNarrowing || !caller.apps.empty());
}

bool may_touch(const Caller& caller, const Token& token) {
  if (acts_as_admin(caller)) return true;
  if (is_narrowed(caller)) return token.id == caller.token_id;
  return token.person == caller.person.id;
}

bool is_made_by_hand(TokenKind kind) {
  return kind == TokenKind::personal || kind == TokenKind::service;
}

// Takes one entry out again, however the making ends.
class UnderWay {
 public:
  UnderWay(std::multiset<std::string>& all, const std::string& owner)
      : all_(all), entry_(all.insert(owner)) {}
  ~UnderWay() { all_.erase(entry_); }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;

 private:
  std::multiset<std::string>& all_;
  std::multiset<std::string>::iterator entry_;
};

}  // namespace

std::int64_t max_token_days(runtime::Duration max_lifetime) {
  return (seconds(max_lifetime) + kDay - 1) / kDay;
}

bool is_token_id(std::string_view text) {
  return text.size() == 2 * kIdBytes && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::optional<ApiAnswer> refuse_if_too_many(const std::vector<Token>& tokens,
                                            bool (*of_kind)(TokenKind), std::size_t under_way,
                                            std::int64_t now) {
  const auto usable = static_cast<std::size_t>(std::ranges::count_if(
      tokens, [&](const Token& token) { return of_kind(token.kind) && token.usable(now); }));
  if (usable + under_way >= kMostTokens) {
    return refused(409, "too-many-tokens",
                   fmt::format("There are {} of these already. Revoke one first.", kMostTokens));
  }
  if (tokens.size() >= kMostKept) {
    return refused(409, "too-many-tokens",
                   "There were too many of these lately. Wait until old ones are forgotten.");
  }
  return std::nullopt;
}

ApiAnswer TokenApi::list(const ApiCall& call) const {
  if (auto refusal = refuse_body(call)) return std::move(*refusal);
  const Caller& caller = *call.caller;
  const auto query = identity::parse_form(call.query);
  std::string person = caller.person.id;
  if (!query || query->size() > 1 || (query->size() == 1 && query->front().name != "person")) {
    return bad_request("This address takes person=ID and nothing else.");
  }
  if (!query->empty()) person = config::person_id(query->front().value);
  if (person != caller.person.id && !acts_as_admin(caller)) {
    return refused(403, "forbidden", "Only administrators see other people's tokens.");
  }
  const auto snapshot = store_.snapshot();
  std::set<std::pair<std::string, TokenKind>> seen;
  std::string body = "{\"tokens\":[";
  for (const Token& token : snapshot->tokens_of(person)) {
    if (!may_touch(caller, token)) continue;
    if (!token.family.empty() && !seen.emplace(token.family, token.kind).second) continue;
    if (!body.ends_with('[')) body += ',';
    append_token(body, token, *snapshot, clock_.unix_seconds());
  }
  return answered(200, body + "]}\n");
}

// What the request leaves to the configuration and the caller. Nothing, or why not.
std::optional<ApiAnswer> TokenApi::complete(Token& token, const TokenRequest& request,
                                            const Caller& caller, const AccountRules& rules) const {
  token.kind = request.kind;
  token.title = request.title;
  token.apps = request.apps;
  token.at_most = request.at_most;
  if (request.kind == TokenKind::service) {
    if (!acts_as_admin(caller)) {
      return refused(403, "forbidden", "Only administrators make tokens of services.");
    }
    token.person = "service:" + request.title;
    token.groups = request.groups;
  } else {
    token.person = caller.person.id;
    token.groups = caller.person.groups;
  }
  for (const std::string& app : request.apps) {
    if (std::ranges::find(rules.apps, app) == rules.apps.end()) {
      return bad_request("apps names one that is not there.");
    }
  }
  const std::int64_t most = max_token_days(rules.max_lifetime);
  const std::int64_t days = request.lifetime_days.value_or(std::min(kDefaultDays, most));
  if (days > most) {
    return bad_request(fmt::format("lifetime_days is at most {}.", most));
  }
  token.made_at = clock_.unix_seconds();
  token.expires = token.made_at + std::min(days * kDay, seconds(rules.max_lifetime));
  return std::nullopt;
}

runtime::Task<ApiAnswer> TokenApi::make(const ApiCall& call, const AccountRules& rules) {
  const Caller& caller = *call.caller;
  const std::int64_t now = clock_.unix_seconds();
  if (auto refusal = refuse_unless_fresh_session(caller, now)) co_return std::move(*refusal);
  if (auto refusal = refuse_unless_body(call, "application/json")) co_return std::move(*refusal);
  const auto request = read_token_request(call.body);
  if (!request) co_return bad_request(request.error());
  Token token;
  if (auto refusal = complete(token, *request, caller, rules)) co_return std::move(*refusal);
  auto refusal = refuse_if_too_many(store_.tokens_of(token.person), is_made_by_hand,
                                    under_way_.count(token.person), now);
  if (refusal) co_return std::move(*refusal);
  const UnderWay under_way(under_way_, token.person);

  token.id = crypto::random_hex(random_, kIdBytes);
  std::string secret = identity::new_secret(random_);
  token.hash = identity::token_hash(secret);
  auto adding = store_.add_token(token);
  const auto added = co_await std::move(adding);
  if (!added) co_return unavailable(added.error(), "to add a token");
  std::string body = "{\"token\":";
  append_token(body, token, *store_.snapshot(), now);
  append_text(body, "secret", secret);
  crypto::wipe(secret);
  ApiAnswer answer = answered(201, body + "}\n");
  answer.event = event_about("token-made", caller.person.id, token);
  co_return answer;
}

std::optional<Token> TokenApi::find(std::string_view id) const {
  std::optional<Token> found;
  store_.snapshot()->for_each_token([&](const Token& token) {
    if (token.id == id) found = token;
  });
  return found;
}

runtime::Task<ApiAnswer> TokenApi::revoke(const ApiCall& call, std::string_view id) {
  if (auto refusal = refuse_query(call)) co_return std::move(*refusal);
  if (auto refusal = refuse_body(call)) co_return std::move(*refusal);
  const Caller& caller = *call.caller;
  const auto token = find(id);
  // Whose it is, is told to nobody else.
  if (!token || !may_touch(caller, *token)) {
    co_return refused(404, "", "There is no such token.",
                      token ? fmt::format("token {} is {}'s", token->id, token->person) : "");
  }
  auto revoking =
      token->family.empty() ? store_.revoke_token(token->id) : store_.revoke_family(token->family);
  const auto revoked = co_await std::move(revoking);
  // Gone meanwhile, or all of the family has ended: nothing is left to do.
  const bool nothing_left = !revoked && revoked.error() == state::StoreError::not_found;
  if (!revoked && !nothing_left) co_return unavailable(revoked.error(), "to revoke a token");
  ApiAnswer answer = answered(204, "");
  if (!nothing_left && (token->revoked_at == 0 || !token->family.empty())) {
    answer.event = event_about("token-revoked", caller.person.id, *token);
  }
  co_return answer;
}

}  // namespace signet::portal_api
