// What one request costs in src/http, at the sizes of real traffic. Engine rule 29: two parses,
// a request's and a response's, within 0.8 µs.

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include "http/chunked.h"
#include "http/hop_by_hop.h"
#include "http/request_parser.h"
#include "http/response_parser.h"
#include "http/writer.h"
#include "runtime/arena.h"
#include "runtime/block_pool.h"

namespace {

using namespace signet;

constexpr std::string_view kClientPost =
    "POST /api/2.0/mlflow/runs/log-batch HTTP/1.1\r\n"
    "Host: mlflow.example.com\r\n"
    "User-Agent: mlflow-python-client/3.10.0\r\n"
    "Accept-Encoding: gzip, deflate\r\n"
    "Accept: */*\r\n"
    "Connection: keep-alive\r\n"
    "X-MLflow-Client-Version: 3.10.0\r\n"
    "Authorization: Bearer sgn_0123456789abcdef0123456789abcdef0123456789abcdef\r\n"
    "Content-Length: 842\r\n"
    "Content-Type: application/json\r\n\r\n";

constexpr std::string_view kBrowserGet =
    "GET /ajax-api/2.0/mlflow/experiments/search?max_results=25&order_by=last_update_time+DESC"
    "&filter=name+LIKE+%27team%2Fa%25%27 HTTP/1.1\r\n"
    "Host: mlflow.example.com\r\n"
    "Connection: keep-alive\r\n"
    "sec-ch-ua-platform: \"Linux\"\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36\r\n"
    "sec-ch-ua: \"Chromium\";v=\"142\", \"Not_A Brand\";v=\"99\"\r\n"
    "Content-Type: application/json; charset=utf-8\r\n"
    "sec-ch-ua-mobile: ?0\r\n"
    "Accept: */*\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Sec-Fetch-Mode: cors\r\n"
    "Sec-Fetch-Dest: empty\r\n"
    "Referer: https://mlflow.example.com/apps/research/\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-GB,en;q=0.9\r\n"
    "Cookie: __Host-signet=AbCdEf0123456789AbCdEf0123456789AbCdEf0123456789AbCdEf0123456789AbCdEf"
    "0123456789AbCdEf0123456789AbCdEf0123456789AbCdEf0123456789AbCdEf0123456789AbCdEf0123456789\r\n"
    "\r\n";

constexpr std::string_view kAnswer =
    "HTTP/1.1 200 OK\r\n"
    "date: Mon, 23 Nov 2026 18:59:02 GMT\r\n"
    "server: uvicorn\r\n"
    "content-type: application/json\r\n"
    "content-length: 1024\r\n"
    "x-content-type-options: nosniff\r\n"
    "x-frame-options: SAMEORIGIN\r\n"
    "vary: Accept-Encoding\r\n\r\n";

template <typename Parser, typename... More>
void parse(benchmark::State& state, std::string_view raw, More... more) {
  runtime::BlockPool pool;
  runtime::Arena arena(pool);
  const http::HeadLimits limits;
  std::vector<char> block(raw.size());
  for (auto _ : state) {
    // Names were lower-cased by the round before; what is measured includes this copy (about 15
    // ns).
    std::memcpy(block.data(), raw.data(), raw.size());
    arena.reset();
    Parser parser(arena, limits, more...);
    const auto progress = parser.parse(block.data(), block.size());
    if (!progress || !progress->complete) state.SkipWithError("refused");
    benchmark::DoNotOptimize(parser.head());
  }
}

void parse_client_post(benchmark::State& state) {
  parse<http::RequestParser>(state, kClientPost);
}
BENCHMARK(parse_client_post);

void parse_browser_get(benchmark::State& state) {
  parse<http::RequestParser>(state, kBrowserGet);
}
BENCHMARK(parse_browser_get);

void parse_answer(benchmark::State& state) {
  parse<http::ResponseParser>(state, kAnswer, http::Method::get);
}
BENCHMARK(parse_answer);

void normalise_plain_target(benchmark::State& state) {
  runtime::BlockPool pool;
  runtime::Arena arena(pool);
  for (auto _ : state) {
    auto target = http::parse_target(http::Method::post, "/api/2.0/mlflow/runs/log-batch", arena);
    benchmark::DoNotOptimize(target);
  }
}
BENCHMARK(normalise_plain_target);

void normalise_escaped_target(benchmark::State& state) {
  runtime::BlockPool pool;
  runtime::Arena arena(pool);
  for (auto _ : state) {
    arena.reset();
    auto target = http::parse_target(
        http::Method::get,
        "/ajax-api/2.0/mlflow/experiments/search?max_results=25&order_by=last_update_time+DESC"
        "&filter=name+LIKE+%27team%2fa%25%27",
        arena);
    benchmark::DoNotOptimize(target);
  }
}
BENCHMARK(normalise_escaped_target);

void remove_hop_by_hop_fields(benchmark::State& state) {
  runtime::BlockPool pool;
  runtime::Arena arena(pool);
  std::vector<char> block(kBrowserGet.begin(), kBrowserGet.end());
  const http::HeadLimits limits;
  http::RequestParser parser(arena, limits);
  (void)parser.parse(block.data(), block.size());
  http::Fields fields(arena);
  for (auto _ : state) {
    fields.remove_if([](const http::Field&) { return true; });
    for (const http::Field& field : parser.head().fields)
      fields.add(field);
    http::remove_hop_by_hop(fields);
    benchmark::DoNotOptimize(fields);
  }
}
BENCHMARK(remove_hop_by_hop_fields);

void write_request_head(benchmark::State& state) {
  runtime::BlockPool pool;
  runtime::Arena arena(pool);
  std::vector<char> block(kClientPost.begin(), kClientPost.end());
  const http::HeadLimits limits;
  http::RequestParser parser(arena, limits);
  (void)parser.parse(block.data(), block.size());
  const http::RequestHead& head = parser.head();
  std::vector<char> room(4096);
  for (auto _ : state) {
    http::HeadWriter writer(room);
    writer.request_line(head.method_name, head.target.path, head.target.query,
                        head.target.has_query);
    writer.fields(head.fields);
    auto written = writer.finish();
    benchmark::DoNotOptimize(written);
  }
}
BENCHMARK(write_request_head);

void decode_chunks(benchmark::State& state) {
  const std::string raw = "400\r\n" + std::string(1024, 'x') + "\r\n0\r\n\r\n";
  for (auto _ : state) {
    http::ChunkedDecoder decoder({});
    std::string_view rest = raw;
    while (!decoder.finished())
      rest.remove_prefix(decoder.next(rest)->consumed);
    benchmark::DoNotOptimize(rest);
  }
}
BENCHMARK(decode_chunks);

}  // namespace

BENCHMARK_MAIN();
