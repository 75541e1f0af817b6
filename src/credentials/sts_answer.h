#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "credentials/keys.h"

namespace signet::credentials {

// <ErrorResponse>: what STS refused and how it says so.
struct StsRefusal {
  std::string code;     // [A-Za-z0-9.:_-], at most 128
  std::string message;  // may repeat what it was asked; at most 1 KiB, printable
};

// Not an answer of STS.
struct StsGarbage {
  std::string what;  // repeats nothing of the answer
};

inline constexpr std::size_t kMaxStsAnswer = 1 << 20;
inline constexpr std::size_t kMaxXmlDepth = 16;
inline constexpr std::size_t kMaxXmlElements = 256;
inline constexpr std::size_t kMaxSessionToken = 64 << 10;

// Reads the XML of an answer to AssumeRole, of either kind, whatever its HTTP status was:
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
// UTF-8 only. A document type is refused, and with it every entity of its own. All four parts of
// the credentials must be there once, be printable and of sensible length; the expiration must be
// a time. Elements that are not looked for are skipped. The keys have no origin yet.
std::variant<Keys, StsRefusal, StsGarbage> parse_sts_answer(std::string_view xml);

}  // namespace signet::credentials
