#include "gateway/exchange.h"

#include <algorithm>
#include <utility>

#include "front/client_address.h"
#include "gateway/cross_site.h"
#include "gateway/origin_error.h"
#include "gateway/page_editor.h"
#include "gateway/request_fields.h"
#include "gateway/send_refusal.h"
#include "gateway/text.h"
#include "gateway/ui_version.h"
#include "http/accept.h"
#include "signing/payload_hash.h"

namespace signet::gateway {

using http::FieldId;
using http::Method;
using watch::Outcome;

namespace {
constexpr std::size_t kPiece = 65536;
constexpr std::size_t kLargestPage = 1 << 20;
constexpr std::size_t kLargestError = 32 << 10;
constexpr runtime::Duration kHeadPatience = std::chrono::milliseconds(10);

// Of an answer without a body: to HEAD, the length that GET would have had.
std::optional<std::uint64_t> announced_length(const http::Fields& fields, Method method) {
  if (method != Method::head) return 0;
  const http::Field* length = fields.find(FieldId::content_length);
  if (length == nullptr) return std::nullopt;
  auto parsed = http::parse_content_length(length->value);
  return parsed ? std::optional(*parsed) : std::nullopt;
}
}  // namespace

Exchange::Exchange(Worker& worker, http::Request& request, http::ByteSource& body,
                   http::Reply& reply)
    : worker_(worker),
      at_(worker.current()),
      request_(request),
      body_(body),
      reply_(reply),
      request_id_(worker.ids.request_id()) {
  const http::Fields& fields = request.head.fields;
  std::optional<watch::TraceParent> theirs;
  if (fields.count(FieldId::traceparent) == 1) {
    theirs = watch::parse_traceparent(fields.value(FieldId::traceparent));
  }
  trace_ = theirs ? worker.ids.child_of(*theirs) : worker.ids.new_trace();
  trace_text_ = watch::traceparent_text(trace_);
  keeps_tracestate_ = theirs && fields.count(FieldId::tracestate) == 1 &&
                      watch::is_passable_tracestate(fields.value(FieldId::tracestate));
  const auto& proxies = at_->site().config().trusted_proxies;
  client_address_ =
      proxies.empty()
          ? request.peer_host
          : request.arena.copy(front::client_address(request.peer, fields, proxies).host_text());
  worker.exchanges++;
  worker.shard.add(worker.shared.metrics.exchanges, 1);
}

Exchange::~Exchange() {
  worker_.exchanges--;
  worker_.shard.add(worker_.shared.metrics.exchanges, -1);
  record();
}

runtime::Task<void> Exchange::run() {
  if (request_.head.target.path == "/health") co_return co_await answer_health();

  if (Refusal refusal = check_address()) co_return co_await refuse(std::move(*refusal));
  if (Refusal refusal = check_request()) co_return co_await refuse(std::move(*refusal));

  if (at_->site().config().identity.given) {
    if (Refusal refusal = co_await recognise()) co_return co_await refuse(std::move(*refusal));
  }

  switch (route_.place) {
    case Place::health: co_return co_await answer_health();
    case Place::redirect: co_return co_await answer_redirect();
    case Place::portal: co_return co_await answer_portal();
    case Place::portal_api: co_return co_await answer_portal_api();
    case Place::sign_in: co_return co_await answer_sign_in();
    case Place::static_file: co_return co_await answer_static();
    case Place::app: break;
  }

  if (Refusal refusal = decide()) co_return co_await refuse(std::move(*refusal));
  if (route_.operation->is_answered_here) co_return co_await answer_here();
  co_await forward();
}

// Route: which host was meant, and which app or page.
Exchange::Refusal Exchange::check_address() {
  host_ = at_->site().own_host(request_);
  if (host_ == nullptr) {
    return Refused(watch::Refusal::wrong_host, 421, "BAD_REQUEST",
                   "This gateway does not answer for the host that was asked.");
  }
  if (auto reason = cross_site_reason(request_.head, *host_)) {
    Refused refused(watch::Refusal::cross_site, 403, "PERMISSION_DENIED",
                    "A page of another site may not send this request.");
    refused.detail = *reason;
    return refused;
  }
  auto route = find_route(request_, *host_, at_->site());
  if (!route) return Refused(route.error());
  route_ = *route;
  if (route_.app != nullptr) app_ = &at_->app(*route_.app);
  return std::nullopt;
}

// What no request may be, whoever asks.
Exchange::Refusal Exchange::check_request() {
  const config::Limits& limits = at_->site().config().limits;
  if (auto reason = isolation_reason(request_.head, route_)) {
    Refused refused(watch::Refusal::forbidden, 403, "PERMISSION_DENIED",
                    "This may not be loaded as a script or as a document.");
    refused.detail = *reason;
    return refused;
  }
  if (request_.head.expectation_failed) {
    return Refused(watch::Refusal::bad_request, 417, "BAD_REQUEST",
                   "The only expectation that can be met is 100-continue.");
  }
  if (request_.head.body.kind == http::BodyFraming::Kind::length &&
      request_.head.body.length > limits.body_bytes) {
    return Refused(watch::Refusal::too_large, 413, "BAD_REQUEST",
                   "The body is larger than this gateway accepts.");
  }
  if (worker_.exchanges > std::max<std::size_t>(limits.exchanges / worker_.shared.loops, 1) ||
      worker_.loop.blocks().bytes_in_use() > limits.memory / worker_.shared.loops) {
    Refused refused(watch::Refusal::overloaded, 503, "TEMPORARILY_UNAVAILABLE",
                    "The gateway has too many requests at hand.");
    refused.retry_after = 1;
    return refused;
  }
  return std::nullopt;
}

runtime::Task<void> Exchange::forward() {
  origin::Outgoing outgoing = prepare();
  std::expected<origin::Incoming, Refused> incoming = std::unexpected(Refused());
  if (route_.app->is_signed()) {
    incoming = co_await send_signed(outgoing);
  } else {
    incoming = co_await send_plain(outgoing);
  }
  if (!incoming) co_return co_await refuse(std::move(incoming.error()));
  co_await relay(std::move(*incoming));
}

// The request as the origin shall see it. After this only date and signature are added.
origin::Outgoing Exchange::prepare() {
  origin::Outgoing outgoing(request_.arena);
  outgoing.method = request_.head.method_name;
  const std::string& base = route_.app->endpoint.path;
  outgoing.path = base.empty() ? route_.path : concat(request_.arena, {base, route_.path});
  outgoing.query = request_.head.target.query;
  OwnFields own;
  own.request_id = {request_id_.data(), request_id_.size()};
  own.traceparent = {trace_text_.data(), trace_text_.size()};
  own.keeps_tracestate = keeps_tracestate_;
  own.client_address = client_address_;
  add_request_fields(request_.head.fields, *route_.app, own, outgoing.fields);
  if (answer_kind(route_) == AnswerKind::page) {
    // The page may be edited: it must come whole and plain.
    for (FieldId id : {FieldId::accept_encoding, FieldId::range, FieldId::if_range,
                       FieldId::if_match, FieldId::if_none_match, FieldId::if_modified_since}) {
      outgoing.fields.remove(id);
    }
    outgoing.fields.add(FieldId::accept_encoding, "identity");
  }
  outgoing.has_body = request_.head.body.kind != http::BodyFraming::Kind::none;
  outgoing.length = body_.length();
  return outgoing;
}

runtime::Task<std::expected<origin::Incoming, Refused>> Exchange::send_signed(
    origin::Outgoing& outgoing) {
  runtime::Time began = worker_.loop.clock().monotonic();
  // The signature covers the body: it is read whole, and hashed while it arrives.
  Payload payload(worker_.spooler);
  std::string_view hash = signing::kEmptyPayload;
  bool has_payload = request_.head.body.has_body();
  if (has_payload) {
    auto collected = co_await payload.collect(body_);
    if (!collected) co_return std::unexpected(refusal_of(collected.error()));
    if (Refusal revoked = check_revocation()) co_return std::unexpected(std::move(*revoked));
    hash = payload.sha256_hex();
  }
  if (outgoing.has_body) outgoing.length = payload.length();
  runtime::Duration hashing = worker_.loop.clock().monotonic() - began;

  auto keys = app_->keys->pin();
  if (!keys) {
    runtime::Time deadline =
        runtime::after(worker_.loop.now(), at_->site().config().timeouts.credentials);
    auto waited = co_await app_->keys->get(deadline);
    if (!waited) {
      Refused refused(watch::Refusal::cannot_sign, 503, "TEMPORARILY_UNAVAILABLE",
                      "The gateway has no valid AWS credentials for this app.");
      refused.detail = waited.error().reason;
      refused.retry_after = 5;
      co_return std::unexpected(std::move(refused));
    }
    keys.emplace(std::move(*waited));
  }

  key_id_ = request_.arena.copy((*keys)->key.id);
  SigningStamp stamp(worker_.signing_desk, **keys, app_->how, app_->origin.host(), hash,
                     worker_.loop.clock());
  auto outcome = co_await app_->origin.send(outgoing, has_payload ? &payload : nullptr, &stamp);
  sign_ = hashing + stamp.took();
  co_return sent(std::move(outcome));
}

runtime::Task<std::expected<origin::Incoming, Refused>> Exchange::send_plain(
    origin::Outgoing& outgoing) {
  auto outcome = co_await app_->origin.send(outgoing, &body_, nullptr);
  co_return sent(std::move(outcome));
}

std::expected<origin::Incoming, Refused> Exchange::sent(
    std::expected<origin::Incoming, origin::SendError> outcome) {
  if (!outcome) {
    if (auto failure = failure_of(outcome.error())) {
      worker_.shard.add(app_->metrics.failure(*failure));
      worker_.app_states->note_failure(route_.app->name);
    }
    return std::unexpected(refusal_of(outcome.error(), *route_.app));
  }
  worker_.app_states->note_answer(
      static_cast<std::size_t>(route_.app - at_->site().config().apps.data()));
  queue_ = outcome->timings().queue;
  origin_ = outcome->timings().first_byte;
  return std::move(*outcome);
}

AnswerContext Exchange::context() const {
  bool needs_eval = answer_kind(route_) == AnswerKind::page &&
                    ui_needs_eval(worker_.app_states->version_of(route_.app->name));
  return {request_, route_, at_->site(), {request_id_.data(), request_id_.size()}, needs_eval};
}

runtime::Task<void> Exchange::relay(origin::Incoming incoming) {
  std::string begun;
  // What AWS says of itself is never encoded; an MLflow's encoded error is in its own shape
  // already.
  bool may_be_of_aws = incoming.status() >= 400 && route_.app->is_signed() &&
                       (incoming.fields().has(FieldId::x_amzn_errortype) ||
                        !incoming.fields().has(FieldId::content_encoding));
  if (may_be_of_aws && co_await relay_error(incoming, begun)) co_return;
  bool is_page = answer_kind(route_) == AnswerKind::page && incoming.status() == 200 &&
                 incoming.fields().value(FieldId::content_type).starts_with("text/html") &&
                 !incoming.fields().has(FieldId::content_encoding);
  if (is_page && request_.head.method == Method::get && co_await relay_whole(incoming, begun)) {
    co_return;
  }

  // A head and the beginning of its body leave together. A body that keeps its head waiting, as a
  // stream of events may, comes after it.
  if (incoming.body_would_wait()) {
    co_await incoming.body_arrives(runtime::after(worker_.loop.now(), kHeadPatience));
  }
  bool waits = incoming.body_would_wait();
  std::expected<runtime::Buffer, http::BodyError> piece;
  if (!waits) {
    piece = co_await incoming.body().read(kPiece);
    if (!piece) co_return co_await refuse(refusal_of_answer(piece.error(), *route_.app));
  }

  http::ResponseHead head(request_.arena);
  head.status = incoming.status();
  add_answer_fields(incoming.fields(), head.status, context(), is_page, head.fields);
  add_cookies(head.fields);
  std::optional<std::uint64_t> length;
  if (incoming.framing().kind == http::BodyFraming::Kind::length) {
    length = incoming.framing().length;
  } else if (incoming.framing().kind == http::BodyFraming::Kind::none && !is_page) {
    length = announced_length(incoming.fields(), request_.head.method);
  }
  status_ = head.status;
  reply_.start(head, length);
  if (!begun.empty() && !co_await send_text(begun)) co_return;
  if (waits) {
    auto flushed = co_await reply_.flush();
    if (!flushed) co_return;
    piece = co_await incoming.body().read(kPiece);
  }
  while (piece && !piece->empty()) {
    auto written = co_await reply_.write(std::move(*piece));
    if (!written) co_return;
    piece = co_await incoming.body().read(kPiece);
  }
  if (!piece) {
    // The client must not take half an answer for a whole one.
    outcome_ = Outcome::broken;
    reply_.reset();
    co_return;
  }
  auto finished = co_await reply_.finish();
  if (finished) outcome_ = Outcome::answered;
}

// Text of our own, or held whole, as a part of the body. False: the client is gone.
runtime::Task<bool> Exchange::send_text(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); at += kPiece) {
    runtime::Buffer piece =
        runtime::Buffer::copy_of(worker_.loop.blocks(), text.substr(at, kPiece));
    auto written = co_await reply_.write(std::move(piece));
    if (!written) co_return false;
  }
  co_return true;
}

// The UI's page, edited. False when it is too large to be one of MLflow's; `begun` then is the part
// of it that was read already.
runtime::Task<bool> Exchange::relay_whole(origin::Incoming& incoming, std::string& begun) {
  if (incoming.framing().kind == http::BodyFraming::Kind::length &&
      incoming.framing().length > kLargestPage) {
    co_return false;
  }
  while (true) {
    auto piece = co_await incoming.body().read(kPiece);
    if (!piece) {
      co_await refuse(refusal_of_answer(piece.error(), *route_.app));
      co_return true;
    }
    if (piece->empty()) break;
    begun += piece->view();
    if (begun.size() > kLargestPage) co_return false;
  }
  http::ResponseHead head(request_.arena);
  head.status = incoming.status();
  add_answer_fields(incoming.fields(), head.status, context(), true, head.fields);
  add_cookies(head.fields);
  std::string edited = edit_page(begun);
  if (at_->sessions() != nullptr) edited = with_script(edited, "/signet/static/session-watch.js");
  status_ = head.status;
  reply_.start(head, edited.size());
  if (!co_await send_text(edited)) co_return true;
  auto finished = co_await reply_.finish();
  if (finished) outcome_ = Outcome::answered;
  co_return true;
}

// An error of a managed MLflow, said in MLflow's own shape. False when it is too large to be one of
// AWS's and so has that shape; `begun` then is the part of it that was read already.
runtime::Task<bool> Exchange::relay_error(origin::Incoming& incoming, std::string& begun) {
  std::string body;
  std::string_view type = incoming.fields().value(FieldId::x_amzn_errortype);
  bool readable = incoming.fields().value(FieldId::content_encoding).empty();
  while (readable) {
    auto piece = co_await incoming.body().read(kPiece);
    if (piece && piece->empty()) break;
    if (piece) body += piece->view();
    if (piece && body.size() <= kLargestError) continue;
    if (piece && type.empty()) {
      begun = std::move(body);
      co_return false;
    }
    // Of half a body nothing is said.
    body.clear();
    break;
  }
  int status = incoming.status();
  if (blames_keys(type, body)) app_->keys->report_rejected(key_id_);

  http::ResponseHead head(request_.arena);
  add_answer_fields(incoming.fields(), status, context(), true, head.fields);
  add_cookies(head.fields);
  head.fields.remove(FieldId::content_encoding);
  if (status == 503 && route_.operation->is_artifact_service) {
    status = 501;
    head.fields.remove(FieldId::retry_after);
    body = managed_artifacts_answer(*route_.operation.endpoint);
  } else if (auto shaped = shape_origin_error(*route_.app, status, type, body)) {
    status = shaped->status;
    body = std::move(shaped->body);
  }
  head.status = status;
  head.fields.set(FieldId::content_type, "application/json");
  status_ = status;
  reply_.start(head, body.size());
  if (!co_await send_text(body)) co_return true;
  auto finished = co_await reply_.finish();
  if (finished) outcome_ = Outcome::answered;
  co_return true;
}

}  // namespace signet::gateway
