#include <fmt/format.h>
#include <openssl/evp.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "lm/models.h"

namespace baton::lm {

Result<std::string> FileSha256(const std::string& path, OnProgress progress) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!in) {
    return Fail(errno == ENOENT ? Code::kNotFound : Code::kInternal,
                fmt::format("cannot read {}: {}", path, std::strerror(errno)), "unreadable_file");
  }
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> md(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (!md || EVP_DigestInit_ex(md.get(), EVP_sha256(), nullptr) != 1) {
    return Fail(Code::kInternal, "SHA-256 is not available in this OpenSSL");
  }
  std::vector<char> block(std::size_t{1} << 20);
  std::int64_t done = 0;
  while (std::size_t n = std::fread(block.data(), 1, block.size(), in.get())) {
    EVP_DigestUpdate(md.get(), block.data(), n);
    done += static_cast<std::int64_t>(n);
    if (progress && done % (std::int64_t{32} << 20) == 0) progress("checking " + path, done, 0);
  }
  if (std::ferror(in.get())) return Fail(Code::kInternal, fmt::format("cannot read {} to its end", path));
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  EVP_DigestFinal_ex(md.get(), digest, &length);
  std::string hex;
  for (unsigned i = 0; i < length; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

}  // namespace baton::lm
