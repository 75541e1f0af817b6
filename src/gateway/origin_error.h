#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"

namespace signet::gateway {

// An origin's error in the shape that MLflow's clients understand.
struct ShapedError {
  int status;
  std::string body;  // {"error_code": …, "message": …}
};

// AWS refuses with {"message": …} and x-amzn-errortype; MLflow's client would show that as an
// internal error of status 500. Nothing: the body has MLflow's shape already.
// `body` is empty where it could not be read (too large, compressed). A throttling error becomes
// 429, which clients wait out; every other status is kept.
std::optional<ShapedError> shape_origin_error(const config::App& app, int status,
                                              std::string_view error_type, std::string_view body);

// Whether the origin said that the keys are at fault, so that fresh ones should be fetched.
bool blames_keys(std::string_view error_type, std::string_view body);

}  // namespace signet::gateway
