// Python in the sandbox. What is run is looked for in this order in every source, newest first: fenced code,
// code between backticks, an expression behind "evaluate". The first candidate that Python can parse and that
// is more than a name or a number runs; its output is the answer, or the value of its last expression.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "exact/worker.h"

namespace baton::exact {
namespace {

constexpr std::size_t kMostCode = 4096;
constexpr std::size_t kMostCandidates = 8;
constexpr std::size_t kMostAnswer = 400;

// Reads the candidates from its input. ast sees to it that a bare expression is printed, as at a prompt.
constexpr std::string_view kRunner = R"PY(import ast, json, sys
def worth(tree):
    if not tree.body: return False
    last = tree.body[-1]
    return not (len(tree.body) == 1 and isinstance(last, ast.Expr) and isinstance(last.value, (ast.Name, ast.Constant, ast.Tuple)))
for source in json.loads(sys.stdin.read()):
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        continue
    if not worth(tree): continue
    last = tree.body[-1]
    if isinstance(last, ast.Expr) and not (isinstance(last.value, ast.Call) and getattr(last.value.func, "id", "") == "print"):
        name = ast.Name("_shown", ast.Store())
        tree.body[-1] = ast.Assign([name], last.value)
        ast.fix_missing_locations(tree)
        scope = {"__name__": "__main__"}
        exec(compile(tree, "code", "exec"), scope)
        if scope.get("_shown") is not None: print(scope["_shown"])
    else:
        exec(compile(tree, "code", "exec"), {"__name__": "__main__"})
    break
else:
    sys.exit(3)
)PY";

void Push(std::string_view code, std::vector<std::string>* out) {
  while (!code.empty() && (code.front() == '\n' || code.front() == '\r')) code.remove_prefix(1);
  if (!code.empty() && code.size() <= kMostCode && out->size() < kMostCandidates) out->emplace_back(code);
}

void Between(std::string_view text, std::string_view fence, std::vector<std::string>* out) {
  for (auto at = text.find(fence); at != std::string_view::npos;) {
    const auto end = text.find(fence, at + fence.size());
    if (end == std::string_view::npos) return;
    std::string_view code = text.substr(at + fence.size(), end - at - fence.size());
    if (fence.size() == 3 && code.find('\n') != std::string_view::npos &&
        code.substr(0, code.find('\n')).find(' ') == std::string_view::npos)
      code = code.substr(code.find('\n'));  // the language's name
    Push(code, out);
    at = text.find(fence, end + fence.size());
  }
}

void Candidates(std::string_view text, std::vector<std::string>* out) {
  const std::size_t before = out->size();
  Between(text, "```", out);
  if (out->size() == before) Between(text, "`", out);
  for (const std::string_view word : {"evaluate ", "Evaluate ", "evaluate: ", "Evaluate: "}) {
    if (const auto at = text.find(word); at != std::string_view::npos)
      Push(text.substr(at + word.size(), text.find('\n', at) - at - word.size()), out);
  }
}

class Python : public Answerer {
 public:
  explicit Python(std::shared_ptr<verify::Sandbox> sandbox) : sandbox_(std::move(sandbox)) {}

  Task<std::string> Answer(const Reading& reading, Loop& loop, Cancel* cancel) override {
    std::string out;
    std::vector<std::string> candidates;
    for (const std::string_view source : reading.Sources()) Candidates(source, &candidates);
    if (candidates.empty() || !sandbox_) co_return out;
    verify::Program program;
    program.source = kRunner;
    program.input = nlohmann::json(candidates).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    verify::Limits limits;
    limits.cpu = std::chrono::seconds(2);
    limits.memory = 256LL << 20;
    limits.output = 8 << 10;
    const verify::RunResult run = co_await sandbox_->Run(loop, std::move(program), limits, cancel);
    if (run.end != verify::RunResult::End::kExited || run.exit_code != 0) co_return out;
    out = run.out.substr(0, kMostAnswer);
    while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
    co_return out;
  }
  std::string_view ability() const override { return "I run Python: give me code between backticks."; }

 private:
  const std::shared_ptr<verify::Sandbox> sandbox_;
};

}  // namespace

std::unique_ptr<Answerer> NewPython(std::shared_ptr<verify::Sandbox> sandbox) {
  return std::make_unique<Python>(std::move(sandbox));
}

}  // namespace baton::exact
