#include "evaluate/data_file.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

namespace baton::evaluate {
namespace {

constexpr std::size_t kBlock = std::size_t{256} << 10;

// Cuts a stream of bytes into lines and holds at most one of them.
class LineCutter {
 public:
  LineCutter(const FileLimits& limits, const OnLine& use) : limits_(limits), use_(use) {}

  Status Feed(std::string_view bytes) {
    total_ += bytes.size();
    if (total_ > limits_.total_bytes) {
      return Fail(Code::kInvalidRequest, fmt::format("more than {} bytes unpacked", limits_.total_bytes),
                  "file_too_large");
    }
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      const std::string_view part = bytes.substr(0, end);
      if (held_.size() + part.size() > limits_.line_bytes) {
        return Fail(Code::kInvalidRequest,
                    fmt::format("line {} is longer than {} bytes", number_ + 1, limits_.line_bytes),
                    "line_too_long");
      }
      if (end == std::string_view::npos) {
        held_ += part;
        break;
      }
      TRY_VOID(Emit(part));
      bytes.remove_prefix(end + 1);
    }
    return {};
  }

  // The last line need not end in a line feed.
  Status End() { return held_.empty() ? Status{} : Emit({}); }

 private:
  Status Emit(std::string_view rest) {
    ++number_;
    std::string_view line = rest;
    if (!held_.empty()) {
      held_ += rest;
      line = held_;
    }
    if (line.ends_with('\r')) line.remove_suffix(1);
    Status status = use_(number_, line);
    held_.clear();
    return status;
  }

  const FileLimits& limits_;
  const OnLine& use_;
  std::string held_;
  std::uint64_t number_ = 0, total_ = 0;
};

Error Damaged(std::string_view what) {
  return Fail(Code::kInvalidRequest, fmt::format("the packed file is damaged: {}", what), "damaged_archive");
}

class Unpacker {
 public:
  virtual ~Unpacker() = default;
  virtual Status Feed(std::string_view packed, LineCutter& out) = 0;
  virtual Status End() { return {}; }
};

class Plain : public Unpacker {
 public:
  Status Feed(std::string_view bytes, LineCutter& out) override { return out.Feed(bytes); }
};

class Gzip : public Unpacker {
 public:
  Gzip() { inflateInit2(&z_, 15 + 16); }
  ~Gzip() override { inflateEnd(&z_); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  Status Feed(std::string_view packed, LineCutter& out) override {
    // zlib's interface predates const.
    z_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    z_.avail_in = static_cast<uInt>(packed.size());
    while (z_.avail_in > 0) {
      // Files packed in parts one after another are one file.
      if (ended_ && inflateReset(&z_) != Z_OK) return Damaged("gzip");
      z_.next_out = reinterpret_cast<Bytef*>(block_.data());
      z_.avail_out = static_cast<uInt>(block_.size());
      const int rc = inflate(&z_, Z_NO_FLUSH);
      if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) return Damaged(z_.msg ? z_.msg : "gzip");
      ended_ = rc == Z_STREAM_END;
      const std::size_t made = block_.size() - z_.avail_out;
      TRY_VOID(out.Feed({block_.data(), made}));
      if (rc == Z_BUF_ERROR && made == 0) break;
    }
    return {};
  }
  Status End() override { return ended_ ? Status{} : Status(Damaged("it ends too early")); }

 private:
  z_stream z_ = {};
  bool ended_ = false;
  std::vector<char> block_ = std::vector<char>(kBlock);
};

class Zstd : public Unpacker {
 public:
  Status Feed(std::string_view packed, LineCutter& out) override {
    ZSTD_inBuffer in{packed.data(), packed.size(), 0};
    bool full = false;
    // A full output block may hide more that is already read.
    while (in.pos < in.size || full) {
      ZSTD_outBuffer made{block_.data(), block_.size(), 0};
      const std::size_t rc = ZSTD_decompressStream(z_.get(), &made, &in);
      if (ZSTD_isError(rc)) return Damaged(ZSTD_getErrorName(rc));
      left_ = rc;
      full = made.pos == made.size;
      TRY_VOID(out.Feed({block_.data(), made.pos}));
    }
    return {};
  }
  Status End() override { return left_ == 0 ? Status{} : Status(Damaged("it ends too early")); }

 private:
  std::unique_ptr<ZSTD_DStream, std::size_t (*)(ZSTD_DStream*)> z_{ZSTD_createDStream(), &ZSTD_freeDStream};
  std::size_t left_ = 0;
  std::vector<char> block_ = std::vector<char>(kBlock);
};

std::unique_ptr<Unpacker> MakeUnpacker(std::string_view start) {
  if (start.starts_with("\x1f\x8b")) return std::make_unique<Gzip>();
  if (start.starts_with("\x28\xb5\x2f\xfd")) return std::make_unique<Zstd>();
  return std::make_unique<Plain>();
}

class Digest {
 public:
  Digest() { EVP_DigestInit_ex(md_.get(), EVP_sha256(), nullptr); }
  void Add(std::string_view bytes) { EVP_DigestUpdate(md_.get(), bytes.data(), bytes.size()); }
  std::string Hex() {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_DigestFinal_ex(md_.get(), bytes, &length);
    std::string hex;
    for (unsigned i = 0; i < length; ++i) hex += fmt::format("{:02x}", bytes[i]);
    return hex;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> md_{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

// `next(buffer)` gives how many bytes it put there; 0 ends.
template <class Next>
Result<std::string> Run(Next next, const FileLimits& limits, const OnLine& use) {
  LineCutter lines(limits, use);
  Digest digest;
  std::unique_ptr<Unpacker> unpacker;
  std::vector<char> block(kBlock);
  while (const std::size_t n = next(block)) {
    const std::string_view bytes(block.data(), n);
    digest.Add(bytes);
    if (!unpacker) unpacker = MakeUnpacker(bytes);
    TRY_VOID(unpacker->Feed(bytes, lines));
  }
  if (unpacker) TRY_VOID(unpacker->End());
  TRY_VOID(lines.End());
  return digest.Hex();
}

}  // namespace

Result<std::string> ReadLines(const std::string& path, const FileLimits& limits, const OnLine& use) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!in) {
    return Fail(errno == ENOENT ? Code::kNotFound : Code::kInternal,
                fmt::format("cannot read {}: {}", path, std::strerror(errno)), "unreadable_file");
  }
  auto hex =
      Run([&](std::vector<char>& b) { return std::fread(b.data(), 1, b.size(), in.get()); }, limits, use);
  if (!hex) {
    hex.error().message = fmt::format("{}: {}", path, hex.error().message);
    return hex;
  }
  // A folder opens for reading and fails at the first byte.
  if (std::ferror(in.get())) {
    return Fail(Code::kInternal, fmt::format("cannot read {}: {}", path, std::strerror(errno)),
                "unreadable_file");
  }
  return hex;
}

Result<std::string> ReadLinesFrom(std::string_view bytes, const FileLimits& limits, const OnLine& use) {
  const auto next = [&](std::vector<char>& block) {
    const std::size_t n = std::min(block.size(), bytes.size());
    std::copy_n(bytes.data(), n, block.data());
    bytes.remove_prefix(n);
    return n;
  };
  return Run(next, limits, use);
}

}  // namespace baton::evaluate
