#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "http/fields.h"

namespace signet::http {

enum class ChunkError : std::uint8_t {
  bad_size,            // not 1 to 16 hex digits
  bad_line_end,        // anything but CRLF, also after the data
  bad_extension,       // outside the grammar of RFC 9112 §7.1.1, or with whitespace
  extension_too_long,  // of one chunk
  bad_trailer,
  trailers_too_large,
  body_too_large,
};
// One plain sentence for the log.
std::string_view describe(ChunkError error);

// Undoes the chunked coding (RFC 9112 §7.1), fed at any fragment size. After an error the
// connection's bytes mean nothing any more.
class ChunkedDecoder {
 public:
  struct Limits {
    std::uint64_t body_bytes = UINT64_MAX;  // of payload in all
    std::size_t extension_bytes = 1024;     // per chunk
    std::size_t trailer_bytes = std::size_t{8} * 1024;
    std::size_t trailer_count = 32;
  };

  // Trailers are checked and discarded, or copied into `trailers` (and its arena) if given; that
  // table must outlive the decoder.
  explicit ChunkedDecoder(const Limits& limits, Fields* trailers = nullptr)
      : limits_(limits), trailers_(trailers) {}

  struct Step {
    std::size_t consumed = 0;  // of the input, payload included
    std::string_view payload;  // the last bytes of what was consumed; a view into the input
    bool finished = false;     // the final CRLF was read; what follows belongs to the next message
  };
  // Reads until it has one piece of payload, the end, or no more input. Call again with the rest.
  std::expected<Step, ChunkError> next(std::string_view input);

  bool finished() const { return state_ == State::done; }
  std::uint64_t payload_bytes() const { return payload_bytes_; }

 private:
  enum class State : std::uint8_t {
    size_start,
    size,
    extension_name_start,
    extension_name,
    extension_value_start,
    extension_token,
    extension_quoted,
    extension_escape,
    extension_end,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer,
    done
  };

  std::expected<void, ChunkError> read_size_byte(char byte);
  std::expected<void, ChunkError> read_extension_byte(char byte);
  std::expected<void, ChunkError> end_of_size_line();
  std::expected<std::size_t, ChunkError> read_trailer(std::string_view input);
  std::expected<void, ChunkError> end_of_trailer_line();

  Limits limits_;
  Fields* trailers_;
  State state_ = State::size_start;
  std::uint8_t digits_ = 0;
  std::uint64_t left_ = 0;  // of the chunk at hand
  std::uint64_t payload_bytes_ = 0;
  std::size_t extension_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::size_t trailer_count_ = 0;
  std::string line_;  // an unfinished trailer line
};

// Size line of a chunk to be written: hex size and CRLF. After the chunk's data comes kChunkEnd.
class ChunkPrefix {
 public:
  explicit ChunkPrefix(std::size_t size);
  std::string_view view() const { return {text_.data(), length_}; }

 private:
  std::array<char, 18> text_;
  std::size_t length_ = 0;
};
inline constexpr std::string_view kChunkEnd = "\r\n";
// The end of a body without trailers; with trailers: kLastChunkSize, field lines, CRLF.
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";
inline constexpr std::string_view kLastChunkSize = "0\r\n";

}  // namespace signet::http
