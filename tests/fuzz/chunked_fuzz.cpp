// The chunked decoder: the same payload, end and error at every fragment size; and what was
// decoded, written again as chunks, decodes to itself.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/chunked.h"

namespace {

using namespace signet;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Decoded {
  std::string payload;
  int end = -1;  // -1: more is needed, -2: finished, else the error
  std::size_t consumed = 0;
};

Decoded decode(std::string_view raw, std::size_t fragment,
               const http::ChunkedDecoder::Limits& limits) {
  http::ChunkedDecoder decoder(limits);
  Decoded result;
  for (std::size_t fed = 0; fed < raw.size(); fed += fragment) {
    const std::string piece(raw.substr(fed, fragment));
    std::string_view rest = piece;
    while (!rest.empty()) {
      const auto step = decoder.next(rest);
      if (!step) {
        result.end = static_cast<int>(step.error());
        return result;
      }
      require(step->consumed != 0 && step->payload.size() <= step->consumed);
      result.payload += step->payload;
      result.consumed += step->consumed;
      rest.remove_prefix(step->consumed);
      if (step->finished) {
        result.end = -2;
        return result;
      }
    }
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view raw(reinterpret_cast<const char*>(data + 1), size - 1);
  http::ChunkedDecoder::Limits limits;
  limits.body_bytes = 300;
  limits.extension_bytes = 40;
  limits.trailer_bytes = 100;
  limits.trailer_count = 4;
  const Decoded whole = decode(raw, raw.size(), limits);
  for (const std::size_t fragment : {std::size_t{1}, std::size_t{1} + data[0] % 64}) {
    const Decoded pieces = decode(raw, fragment, limits);
    require(pieces.end == whole.end && pieces.payload == whole.payload);
    require(pieces.end != -2 || pieces.consumed == whole.consumed);
  }
  require(whole.payload.size() <= limits.body_bytes);
  if (whole.end != -2) return 0;

  std::string written;
  for (std::size_t at = 0; at < whole.payload.size(); at += 7) {
    const std::string_view chunk = std::string_view(whole.payload).substr(at, 7);
    written += http::ChunkPrefix(chunk.size()).view();
    written += chunk;
    written += http::kChunkEnd;
  }
  written += http::kLastChunk;
  const Decoded again = decode(written, written.size(), limits);
  require(again.end == -2 && again.payload == whole.payload && again.consumed == written.size());
  return 0;
}
