#include "http/parse_error.h"

namespace signet::http {

int status_of(ParseError error) {
  switch (error) {
    case ParseError::version_unsupported: return 505;
    case ParseError::start_line_too_large:
    case ParseError::fields_too_large:
    case ParseError::too_many_fields: return 431;
    case ParseError::no_memory: return 503;
    default: return 400;
  }
}

std::string_view refusal_of(ParseError error) {
  if (error == ParseError::no_memory) return "overloaded";
  return status_of(error) == 431 ? "too-large" : "bad-request";
}

std::string_view describe(ParseError error) {
  switch (error) {
    case ParseError::bad_line_end: return "A line of the head does not end in CRLF.";
    case ParseError::bad_request_line: return "The request line is malformed.";
    case ParseError::bad_method: return "The method is malformed.";
    case ParseError::method_not_accepted: return "CONNECT is not accepted.";
    case ParseError::bad_version: return "The HTTP version is malformed.";
    case ParseError::version_unsupported: return "Only HTTP/1.0 and HTTP/1.1 are spoken here.";
    case ParseError::bad_status_line: return "The status line is malformed.";
    case ParseError::switching_protocols: return "The protocol was switched unasked.";
    case ParseError::bad_field_name: return "A header field's name is malformed.";
    case ParseError::bad_field_value: return "A header field's value has a control character.";
    case ParseError::folded_line: return "A header field is folded over several lines.";
    case ParseError::missing_host: return "The Host field is missing.";
    case ParseError::repeated_host: return "There are several Host fields.";
    case ParseError::bad_host: return "The host is malformed.";
    case ParseError::bad_content_length: return "Content-Length is malformed.";
    case ParseError::repeated_content_length: return "There are several Content-Length fields.";
    case ParseError::bad_transfer_encoding: return "Transfer-Encoding must be chunked, once.";
    case ParseError::transfer_encoding_in_1_0: return "HTTP/1.0 has no Transfer-Encoding.";
    case ParseError::length_and_transfer_encoding:
      return "Content-Length and Transfer-Encoding exclude each other.";
    case ParseError::framing_look_alike: return "A header field imitates a framing field.";
    case ParseError::body_not_allowed: return "This method takes no body.";
    case ParseError::bad_connection: return "Connection is not a list of tokens.";
    case ParseError::bad_target: return "The request target is malformed.";
    case ParseError::bad_path: return "The path is malformed or ambiguous.";
    case ParseError::bad_query: return "The query is malformed.";
    case ParseError::signature_in_query: return "X-Amz parameters are not accepted.";
    case ParseError::too_many_parameters: return "The query has too many parameters.";
    case ParseError::start_line_too_large: return "The request line is too long.";
    case ParseError::fields_too_large: return "The header fields are too large.";
    case ParseError::too_many_fields: return "There are too many header fields.";
    case ParseError::no_memory: return "The gateway has no memory for the header just now.";
  }
  return "The request is malformed.";
}

}  // namespace signet::http
