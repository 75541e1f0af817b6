#include <cstdlib>

#include <gtest/gtest.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "crypto/hmac_sha256.h"
#include "crypto/sha256.h"

namespace signet::crypto {
namespace {

std::size_t allocations = 0;

void* count_malloc(std::size_t size, const char*, int) {
  ++allocations;
  return std::malloc(size);
}
void* count_realloc(void* block, std::size_t size, const char*, int) {
  ++allocations;
  return std::realloc(block, size);
}
void release(void* block, const char*, int) {
  std::free(block);
}

// OpenSSL takes other memory functions only before it has allocated anything: before main().
const bool kCounting = CRYPTO_set_mem_functions(count_malloc, count_realloc, release) == 1;

TEST(Hashing, AllocatesNothingInTheSteadyState) {
  ASSERT_TRUE(kCounting);
  // That they are counted at all.
  EVP_MD_CTX_free(EVP_MD_CTX_new());
  ASSERT_GT(allocations, 0U);

  Sha256 hash;
  const HmacSha256 hmac("key");
  hash.update("warm");
  hash.finish();
  const std::size_t before = allocations;
  for (int i = 0; i < 100; ++i) {
    hash.update("abc");
    hash.reset();
    hash.update("abc");
    hash.finish();
    hmac.of("text");
  }
  EXPECT_EQ(allocations, before);
}

}  // namespace
}  // namespace signet::crypto
