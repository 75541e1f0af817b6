#include "http/fields.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "http/characters.h"
#include "http/connection_options.h"
#include "http/hop_by_hop.h"
#include "runtime/block_pool.h"

namespace signet::http {
namespace {

TEST(FieldIds, EveryNameIsFoundAndNoOther) {
  std::set<std::string> names;
  for (std::size_t i = 1; i < kFieldIds; ++i) {
    const auto id = static_cast<FieldId>(i);
    const std::string name(field_name(id));
    EXPECT_EQ(field_id(name), id) << name;
    EXPECT_TRUE(names.insert(name).second) << name;
    for (std::size_t at = 0; at < name.size(); ++at) {
      std::string other = name;
      other[at] = other[at] == 'q' ? 'j' : 'q';
      EXPECT_EQ(field_id(other), FieldId::unknown) << other;
    }
    EXPECT_EQ(field_id(name + "x"), FieldId::unknown);
  }
  EXPECT_EQ(field_id(""), FieldId::unknown);
  EXPECT_EQ(field_id("Host"), FieldId::unknown);
  EXPECT_EQ(field_id("content_type"), FieldId::unknown);
  EXPECT_EQ(field_id(std::string(5000, 'x')), FieldId::unknown);
  EXPECT_EQ(field_name(FieldId::x_amz_content_sha256), "x-amz-content-sha256");
  EXPECT_EQ(field_name(FieldId::unknown), "");
}

class FieldsTest : public testing::Test {
 protected:
  std::string text(const Fields& fields) {
    std::string all;
    for (const Field& field : fields) {
      all.append(field.name).append("=").append(field.value).append(";");
    }
    return all;
  }

  runtime::BlockPool pool_;
  runtime::Arena arena_{pool_};
  Fields fields_{arena_};
};

TEST_F(FieldsTest, AddsFindsAndRemoves) {
  EXPECT_TRUE(fields_.empty());
  EXPECT_EQ(fields_.find(FieldId::host), nullptr);
  fields_.add("host", "a");
  fields_.add("x-own", "1");
  fields_.add(FieldId::accept, "b");
  fields_.add("accept", "c");
  EXPECT_EQ(fields_.count(FieldId::accept), 2u);
  EXPECT_EQ(fields_.value(FieldId::accept), "b");
  EXPECT_EQ(fields_.find("x-own")->value, "1");
  EXPECT_EQ(fields_.find("accept")->value, "b");
  EXPECT_EQ(fields_.find("x-other"), nullptr);
  fields_.set(FieldId::accept, "d");
  EXPECT_EQ(text(fields_), "host=a;x-own=1;accept=d;");
  fields_.remove(FieldId::host);
  EXPECT_FALSE(fields_.has(FieldId::host));
  EXPECT_TRUE(fields_.has(FieldId::accept));
  EXPECT_EQ(fields_.value(FieldId::host), "");
  EXPECT_EQ(text(fields_), "x-own=1;accept=d;");
}

TEST_F(FieldsTest, GrowsAndMoves) {
  std::string expected;
  for (int i = 0; i < 500; ++i) {
    fields_.add(FieldId::via, arena_.copy(std::to_string(i)));
    expected += "via=" + std::to_string(i) + ";";
  }
  Fields moved(std::move(fields_));
  EXPECT_EQ(text(moved), expected);
  Fields assigned(arena_);
  assigned.add(FieldId::host, "gone");
  assigned = std::move(moved);
  EXPECT_EQ(text(assigned), expected);
  EXPECT_FALSE(assigned.has(FieldId::host));
}

struct HopRow {
  std::vector<std::pair<std::string_view, std::string_view>> given;
  std::string kept;
};

TEST_F(FieldsTest, HopByHopFieldsAndWhatConnectionNames) {
  for (const HopRow& row : std::vector<HopRow>{
           {{{"host", "a"}, {"connection", "keep-alive"}, {"keep-alive", "5"}}, "host=a;"},
           {{{"te", "trailers"},
             {"trailer", "x"},
             {"upgrade", "h2c"},
             {"http2-settings", "x"},
             {"proxy-connection", "x"},
             {"proxy-authorization", "x"},
             {"proxy-authenticate", "x"},
             {"transfer-encoding", "chunked"},
             {"content-length", "5"},
             {"accept", "b"}},
            "accept=b;"},
           {{{"connection", "x-sm-mlflow-app-arn, Authorization,, X-Own"},
             {"x-sm-mlflow-app-arn", "1"},
             {"authorization", "2"},
             {"x-own", "3"},
             {"x-amz-date", "4"},
             {"cookie", "5"}},
            "x-amz-date=4;cookie=5;"},
           // A field before the Connection that names it, two Connections, one naming itself.
           {{{"x-amz-date", "1"},
             {"cookie", "2"},
             {"connection", "close"},
             {"connection", "x-amz-date,connection"},
             {"connection", "COOKIE"},
             {"via", "v"}},
            "via=v;"},
           {{{"connection", "close"}, {"close", "kept"}}, "close=kept;"}}) {
    Fields fields(arena_);
    for (const auto& [name, value] : row.given)
      fields.add(name, value);
    remove_hop_by_hop(fields);
    EXPECT_EQ(text(fields), row.kept);
  }
}

TEST_F(FieldsTest, ConnectionOptions) {
  EXPECT_TRUE(connection_options(fields_).valid);
  fields_.add("connection", " Keep-Alive , x");
  fields_.add("connection", "CLOSE");
  const ConnectionOptions options = connection_options(fields_);
  EXPECT_TRUE(options.valid && options.close && options.keep_alive);
  EXPECT_TRUE(connection_names(fields_, "x"));
  EXPECT_FALSE(connection_names(fields_, "y"));
  fields_.add("connection", "a;b");
  EXPECT_FALSE(connection_options(fields_).valid);
}

// Whatever the length, and wherever the byte stands in what is read eight or 32 at a time.
TEST(FieldValues, EveryByteAtEveryPlace) {
  for (std::size_t size = 0; size <= 100; ++size) {
    EXPECT_TRUE(character::is_field_value(std::string(size, 'v'))) << size;
    for (std::size_t at = 0; at < size; ++at) {
      for (const int byte : {0x00, 0x09, 0x0A, 0x0D, 0x1F, 0x20, 0x7E, 0x7F, 0x80, 0xFF}) {
        std::string text(size, 'v');
        text[at] = static_cast<char>(byte);
        const bool lawful = byte == 0x09 || (byte >= 0x20 && byte != 0x7F);
        EXPECT_EQ(character::is_field_value(text), lawful) << size << " " << at << " " << byte;
      }
    }
  }
}

}  // namespace
}  // namespace signet::http
