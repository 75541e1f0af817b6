#include <utility>

#include <fmt/format.h>

#include "gateway/exchange.h"
#include "gateway/identity_desk.h"
#include "gateway/text.h"
#include "http/accept.h"
#include "identity/callback.h"
#include "identity/form.h"
#include "identity/kept_tokens.h"
#include "identity/return_path.h"
#include "watch/json_text.h"

// The part of Exchange that signs people in and out: /signet/sign-in and its neighbours.
namespace signet::gateway {

using http::FieldId;
using http::Method;
using identity::SignInError;
using identity::SignInFailure;

namespace {

constexpr std::string_view kCallback = "/signet/callback/";
constexpr std::string_view kBackChannel = "/signet/backchannel-logout/";
constexpr std::size_t kLargestLogout = 64 << 10;
// "A sign-in not older than that" for what needs one: tokens and grants.
constexpr std::int64_t kFreshSeconds = 10 * 60;

// The value of a parameter; "" when there is none.
std::string_view value_of(const std::vector<identity::FormParameter>& form, std::string_view name) {
  for (const identity::FormParameter& parameter : form) {
    if (parameter.name == name) return parameter.value;
  }
  return {};
}

// Where the portal asks people to sign in, and tells them why it did not work.
std::string door(std::string_view return_path, std::string_view error) {
  std::string path = "/app/sign-in?return=";
  identity::append_form_encoded(path, return_path.empty() ? "/app" : return_path);
  if (!error.empty()) path += fmt::format("&error={}", error);
  return path;
}

}  // namespace

// Where a page of ours is for this caller: signing in begins and ends on the public host, whose
// cookies it is about.
std::string Exchange::on_public_host(const std::string& path) const {
  const config::Url& url = *at_->site().config().public_url;
  return host_->is_public ? path : url.origin() + path;
}

runtime::Task<void> Exchange::redirect_to(std::string to) {
  http::ResponseHead head(request_.arena);
  head.status = status_ = 302;
  if (refusal_ == watch::Refusal::none) outcome_ = watch::Outcome::local;
  head.fields.add(FieldId::location, request_.arena.copy(to));
  head.fields.add(FieldId::x_request_id, {request_id_.data(), request_id_.size()});
  // The address may hold what a provider sent: it goes nowhere else.
  head.fields.add(FieldId::referrer_policy, "no-referrer");
  add_cookies(head.fields);
  co_await answer(request_, reply_, head, "text/plain; charset=utf-8", "");
}

runtime::Task<void> Exchange::answer_sign_in() {
  const std::string_view path = route_.path;
  const bool posts = path == "/signet/sign-out" || path.starts_with(kBackChannel);
  if (request_.head.method != (posts ? Method::post : Method::get)) {
    Refused refused(watch::Refusal::none, 405, "BAD_REQUEST",
                    posts ? "This address answers POST only." : "This address answers GET only.");
    refused.allow = posts ? "POST" : "GET";
    co_return co_await refuse(std::move(refused));
  }
  if (path == "/signet/device") {
    std::string to = "/app/device";
    const http::Target& target = request_.head.target;
    if (target.has_query) to += fmt::format("?{}", target.query);
    co_return co_await redirect_to(on_public_host(to));
  }
  if (at_->sessions() == nullptr) {
    co_return co_await refuse(Refused(watch::Refusal::none, 404, "RESOURCE_DOES_NOT_EXIST",
                                      "Nobody signs in at this gateway."));
  }
  if (path == "/signet/sign-in") co_return co_await begin_sign_in();
  if (path == "/signet/sign-out") co_return co_await sign_out();
  if (path.starts_with(kCallback)) co_return co_await finish_sign_in();
  co_await back_channel_logout();
}

// GET /signet/sign-in?provider=NAME&return=PATH[&fresh=1]
runtime::Task<void> Exchange::begin_sign_in() {
  const config::Identity& identity = at_->site().config().identity;
  auto form = identity::parse_form(request_.head.target.query);
  if (!form) {
    co_return co_await refuse(Refused(watch::Refusal::bad_request, 400, "BAD_REQUEST",
                                      "The address has a query that cannot be read."));
  }
  const std::string return_path =
      identity::safe_return_path(value_of(*form, "return")).value_or("/app");
  std::string_view name = value_of(*form, "provider");
  if (name.empty() && identity.providers.size() == 1) name = identity.providers.front().name;
  if (name.empty()) co_return co_await redirect_to(on_public_host(door(return_path, "")));
  const config::Provider* provider = identity.provider(name);
  if (provider == nullptr) {
    co_return co_await refuse(Refused(watch::Refusal::none, 404, "RESOURCE_DOES_NOT_EXIST",
                                      "There is no identity provider of this name."));
  }
  const bool fresh = value_of(*form, "fresh") == "1";
  if (!host_->is_public) {
    std::string there = fmt::format("/signet/sign-in?provider={}&return=", provider->name);
    identity::append_form_encoded(there, return_path);
    if (fresh) there += "&fresh=1";
    co_return co_await redirect_to(on_public_host(there));
  }

  identity::Sessions& sessions = *at_->sessions();
  const std::int64_t now = worker_.loop.clock().unix_seconds();
  for (const std::string& old : identity::attempts_to_drop(request_.head.fields, sessions.names(),
                                                           sessions.attempts(), now)) {
    cookies_.push_back(sessions.delete_cookie(old));
  }
  identity::SignInAttempt attempt =
      identity::begin_attempt(worker_.random, provider->name, return_path, now,
                              fresh ? std::optional(kFreshSeconds) : std::nullopt);
  identity::SignInWishes wishes;
  // Without it a provider may answer from its own session, with an old auth_time.
  if (fresh) wishes.prompt = "login";
  IdentityDesk& desk = *worker_.desk;
  auto work = [&desk, config = at_->shared_config(), attempt, wishes] {
    return desk.sign_in().address(config, attempt, wishes);
  };
  using Address = std::expected<std::string, SignInFailure>;
  auto calling = desk.call<Address>(worker_.loop, std::move(work));
  auto address = co_await std::move(calling);
  if (!address || !*address) {
    SignInFailure why;
    why.error = SignInError::unavailable;
    if (address) why = std::move(address->error());
    co_return co_await refuse_sign_in(std::move(why), return_path);
  }
  cookies_.push_back(sessions.attempt_cookie(attempt));
  co_await redirect_to(std::move(**address));
}

// Back to the portal's door, which says in plain words what went wrong.
runtime::Task<void> Exchange::refuse_sign_in(SignInFailure why, std::string return_path) {
  refusal_ = watch::Refusal::unauthenticated;
  outcome_ = watch::Outcome::refused;
  audit_event_ = "sign-in-refused";
  worker_.shard.add(worker_.shared.metrics.refusal(refusal_));
  worker_.shared.log.write(
      watch::LogLevel::warning, "sign-in-refused",
      {{"request_id", std::string_view(request_id_.data(), request_id_.size())},
       {"error", identity::to_string(why.error)},
       {"why", why.detail},
       {"client", client_address_}});
  co_await redirect_to(on_public_host(door(return_path, identity::to_string(why.error))));
}

// GET /signet/callback/PROVIDER?code=…&state=…
runtime::Task<void> Exchange::finish_sign_in() {
  identity::Sessions& sessions = *at_->sessions();
  const std::string_view provider = route_.path.substr(kCallback.size());
  auto callback = identity::parse_callback(request_.head.target.query);
  if (!callback) {
    co_return co_await refuse_sign_in(identity::failure_of(callback.error()), "/app");
  }
  auto attempt = identity::find_attempt(request_.head.fields, sessions.names(), callback->state,
                                        sessions.attempts());
  if (!attempt) {
    SignInFailure why{SignInError::expired, std::string(identity::describe(attempt.error()))};
    co_return co_await refuse_sign_in(std::move(why), "/app");
  }
  // It works once, however this ends.
  cookies_.push_back(
      sessions.delete_cookie(identity::attempt_cookie_name(sessions.names(), attempt->state)));
  if (attempt->provider != provider) {
    SignInFailure why{SignInError::failed, "the callback came to another provider's address"};
    co_return co_await refuse_sign_in(std::move(why), attempt->return_path);
  }
  if (Refusal full = reserve_audit_line()) co_return co_await refuse(std::move(*full));

  IdentityDesk& desk = *worker_.desk;
  const std::string return_path = attempt->return_path;
  auto work = [&desk, config = at_->shared_config(), attempt = std::move(*attempt),
               callback = std::move(*callback)] {
    return desk.sign_in().finish(config, attempt, callback);
  };
  using Finished = std::expected<identity::Session, SignInFailure>;
  auto calling = desk.call<Finished>(worker_.loop, std::move(work));
  auto session = co_await std::move(calling);
  if (!session || !*session) {
    SignInFailure why;
    why.error = SignInError::unavailable;
    if (session) why = std::move(session->error());
    co_return co_await refuse_sign_in(std::move(why), return_path);
  }
  std::vector<std::string> fresh = sessions.set_cookies(**session, request_.head.fields);
  if (fresh.empty()) {
    SignInFailure why{SignInError::failed,
                      fmt::format("{} has too many groups for a session", (*session)->person.id)};
    co_return co_await refuse_sign_in(std::move(why), return_path);
  }
  // The session that this browser had until now is over.
  auto former = sessions.open(request_.head.fields, worker_.store->snapshot(),
                              worker_.loop.clock().unix_seconds());
  if (former && *former) {
    auto ending = [&desk, config = at_->shared_config(), old = *former] {
      return desk.sign_out().end(config, *old);
    };
    auto calling_end =
        desk.call<std::expected<std::string, SignInFailure>>(worker_.loop, std::move(ending));
    co_await std::move(calling_end);
  }
  cookies_.insert(cookies_.end(), fresh.begin(), fresh.end());
  adopt(std::make_shared<const identity::Session>(std::move(**session)));
  audit_event_ = "sign-in";
  co_await redirect_to(return_path);
}

// POST /signet/sign-out: answers where the browser shall go to end the provider's session too.
runtime::Task<void> Exchange::sign_out() {
  identity::Sessions& sessions = *at_->sessions();
  std::string next = on_public_host("/app/signed-out");
  auto session = sessions.open(request_.head.fields, worker_.store->snapshot(),
                               worker_.loop.clock().unix_seconds());
  if (session && *session) {
    if (!sessions.has_csrf_token(request_.head.fields, **session)) {
      co_return co_await refuse(no_csrf_token());
    }
    if (Refusal full = reserve_audit_line()) co_return co_await refuse(std::move(*full));
    adopt(*session);
    audit_event_ = "sign-out";
    IdentityDesk& desk = *worker_.desk;
    auto work = [&desk, config = at_->shared_config(), old = *session] {
      return desk.sign_out().end(config, *old);
    };
    using Ended = std::expected<std::string, SignInFailure>;
    auto calling = desk.call<Ended>(worker_.loop, std::move(work));
    auto ended = co_await std::move(calling);
    if (!ended || !*ended) {
      Refused refused(watch::Refusal::overloaded, 503, "TEMPORARILY_UNAVAILABLE",
                      "The session could not be ended everywhere: try again.");
      refused.detail = ended ? std::move(ended->error().detail) : "the store does not answer";
      refused.retry_after = 2;
      co_return co_await refuse(std::move(refused));
    }
    next = std::move(**ended);
  }
  for (std::string& text : sessions.clear_cookies())
    cookies_.push_back(std::move(text));
  std::string body = "{\"location\": ";
  watch::append_json_string(body, next);
  body += "}\n";
  http::ResponseHead head(request_.arena);
  head.status = status_ = 200;
  outcome_ = watch::Outcome::local;
  head.fields.add(FieldId::x_request_id, {request_id_.data(), request_id_.size()});
  // Not "cookies": that would sign people out of all that the company has under its domain.
  head.fields.add(FieldId::clear_site_data, "\"cache\", \"storage\"");
  add_cookies(head.fields);
  co_await answer(request_, reply_, head, "application/json", body);
}

// POST /signet/backchannel-logout/PROVIDER, from the provider itself (Back-Channel Logout 1.0
// §2.5-2.8).
runtime::Task<void> Exchange::back_channel_logout() {
  const std::string provider(route_.path.substr(kBackChannel.size()));
  Refused bad(watch::Refusal::bad_request, 400, "BAD_REQUEST",
              "This is no logout token that holds here.");
  auto body = co_await read_whole(kLargestLogout);
  if (!body) {
    bad.detail = "the body is too large, or broke off";
    co_return co_await refuse(std::move(bad));
  }
  auto form = identity::parse_form(*body);
  const std::string token(form ? value_of(*form, "logout_token") : std::string_view());
  if (token.empty()) {
    bad.detail = "the body has no logout_token";
    co_return co_await refuse(std::move(bad));
  }
  if (Refusal full = reserve_audit_line()) co_return co_await refuse(std::move(*full));
  audit_event_ = "back-channel-logout";
  IdentityDesk& desk = *worker_.desk;
  auto work = [&desk, config = at_->shared_config(), provider, token] {
    return desk.sign_out().back_channel(config, provider, token);
  };
  using Ended = std::expected<std::string, SignInFailure>;
  auto calling = desk.call<Ended>(worker_.loop, std::move(work));
  auto ended = co_await std::move(calling);
  if (!ended || (!*ended && ended->error().error == SignInError::unavailable)) {
    Refused refused(watch::Refusal::overloaded, 503, "TEMPORARILY_UNAVAILABLE",
                    "The sessions could not be ended: try again.");
    refused.detail = ended ? std::move(ended->error().detail) : "the store does not answer";
    refused.retry_after = 2;
    co_return co_await refuse(std::move(refused));
  }
  if (!*ended) {
    bad.detail = std::move(ended->error().detail);
    co_return co_await refuse(std::move(bad));
  }
  rule_ = request_.arena.copy(**ended);
  http::ResponseHead head(request_.arena);
  head.status = status_ = 200;
  outcome_ = watch::Outcome::local;
  head.fields.add(FieldId::x_request_id, {request_id_.data(), request_id_.size()});
  co_await answer(request_, reply_, head, "text/plain; charset=utf-8", "");
}

// A small body; nothing when it is larger than `most` or breaks off.
runtime::Task<std::optional<std::string>> Exchange::read_whole(std::size_t most) {
  std::string body;
  while (true) {
    auto piece = co_await body_.read(16 << 10);
    if (!piece) co_return std::nullopt;
    if (piece->empty()) co_return body;
    if (body.size() + piece->size() > most) co_return std::nullopt;
    body += piece->view();
  }
}

void Exchange::add_cookies(http::Fields& fields) const {
  for (const std::string& cookie : cookies_)
    fields.add(FieldId::set_cookie, cookie);
}

}  // namespace signet::gateway
