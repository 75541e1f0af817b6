#include "portal_api/aws_token_api.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "crypto/random.h"
#include "crypto/secret.h"
#include "identity/opaque_token.h"
#include "portal_api/answers.h"

namespace signet::portal_api {

namespace {

constexpr runtime::Duration kPatience = std::chrono::seconds(8);

}  // namespace

// Looks at every token, which so many proofs a second as are let through can pay.
bool AwsTokenApi::has_too_many(std::string_view person, std::int64_t now) const {
  std::size_t usable = 0;
  store_.snapshot()->for_each_token([&](const state::Token& token) {
    const bool counts = token.kind == state::TokenKind::role && token.usable(now);
    if (counts && token.person == person) ++usable;
  });
  return usable >= kMostRoleTokens;
}

runtime::Task<ApiAnswer> AwsTokenApi::make(ApiCall call,
                                           std::shared_ptr<const config::Config> config) {
  if (call.method != http::Method::post) co_return not_allowed("POST");
  if (auto refusal = refuse_unless_body(call, "application/json")) co_return std::move(*refusal);
  if (config->identity.aws_roles.empty()) {
    co_return refused(403, "forbidden", "No AWS role is known here.",
                      "identity.aws_roles is not configured");
  }
  auto proving =
      proofs_.recognise(call.body, config->public_url->authority(), config->identity.aws_roles,
                        runtime::after(home_.now(), kPatience));
  auto person = co_await std::move(proving);
  if (!person) {
    std::string detail = fmt::format("AWS proof: {}", person.error().detail);
    if (identity::is_temporary(person.error().error)) {
      co_return try_again(1, "The proof could not be put to AWS just now.", std::move(detail));
    }
    co_return refused(401, "unauthenticated", "The proof is not valid here.", std::move(detail));
  }
  const std::int64_t now = clock_.unix_seconds();
  if (has_too_many(person->id, now)) {
    ApiAnswer refusal =
        refused(429, "rate-limited", "This role has too many tokens: use them longer.",
                fmt::format("{} has {} tokens", person->id, kMostRoleTokens));
    refusal.retry_after = 60;
    co_return refusal;
  }
  const std::int64_t most =
      std::chrono::duration_cast<std::chrono::seconds>(config->identity.tokens.max_lifetime)
          .count();
  std::string secret = identity::new_secret(random_);
  state::Token token;
  token.id = crypto::random_hex(random_, 8);
  token.hash = identity::token_hash(secret);
  token.kind = state::TokenKind::role;
  token.title = person->name;
  token.person = person->id;
  token.groups = person->groups;
  token.made_at = now;
  token.expires = now + std::min(kRoleTokenSeconds, most);
  const std::int64_t lives = token.expires - now;
  ApiEvent event;
  event.event = "token-made";
  event.person = person->id;
  event.detail = fmt::format("{} kind=role session={}", token.id, person->name);
  auto adding = store_.add_token(std::move(token));
  if (auto added = co_await std::move(adding); !added) {
    co_return unavailable(added.error(), "to add a token");
  }
  std::string body = "{";
  append_text(body, "access_token", secret);
  crypto::wipe(secret);
  append_text(body, "token_type", "Bearer");
  body += fmt::format(",\"expires_in\":{}}}\n", lives);
  ApiAnswer answer = answered(200, std::move(body));
  answer.event = std::move(event);
  co_return answer;
}

}  // namespace signet::portal_api
