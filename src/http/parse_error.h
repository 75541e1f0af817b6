#pragma once

#include <cstdint>
#include <string_view>

namespace signet::http {

// Why a head was refused. Which offence of several is reported does not depend on the fragments the
// head arrived in. After any of these nothing more may be read from the connection as
// HTTP: answer, then close.
enum class ParseError : std::uint8_t {
  bad_line_end,         // an LF without CR, or a CR inside a line
  bad_request_line,     // not exactly method SP target SP version
  bad_method,           // not upper-case letters and "-", or longer than 32
  method_not_accepted,  // CONNECT
  bad_version,          // not HTTP/DIGIT.DIGIT
  version_unsupported,  // neither 1.0 nor 1.1
  bad_status_line,      // responses only
  switching_protocols,  // responses only: 101 was never asked for
  bad_field_name,       // empty, not a token, or space before the colon
  bad_field_value,      // a control character
  folded_line,          // obs-fold, or space before the first field
  missing_host,
  repeated_host,
  bad_host,
  bad_content_length,
  repeated_content_length,
  bad_transfer_encoding,  // anything but one "chunked"
  transfer_encoding_in_1_0,
  length_and_transfer_encoding,
  framing_look_alike,  // Content_Length, Transfer_Encoding
  body_not_allowed,    // on GET, HEAD, OPTIONS or TRACE
  bad_connection,      // Connection is not a list of tokens
  bad_target,          // bytes outside 0x21–0x7E, "#", wrong form for the method
  bad_path,            // what target.h refuses in a path
  bad_query,           // what target.h refuses in a query
  signature_in_query,  // a key X-Amz-* in any spelling
  too_many_parameters,
  start_line_too_large,
  fields_too_large,
  too_many_fields,
  no_memory,  // nothing is wrong with the head: the server cannot hold it just now
};

// 400, 431, 503 or 505. Of a response's head the answer is 502 whatever the error.
int status_of(ParseError error);

// The value of x-signet-refusal: "bad-request", "too-large" or "overloaded".
std::string_view refusal_of(ParseError error);

// One plain sentence without bytes of the request, fit for the client and the log.
std::string_view describe(ParseError error);

}  // namespace signet::http
