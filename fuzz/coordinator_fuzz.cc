// Files that decide who works: a coordinator, and an optimiser's state, made of anything.
#include <cstdint>
#include <string>

#include "bytes_file.h"
#include "conduct/coordinator.h"
#include "conduct/sep_cma_es.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace baton;
  if (auto es = conduct::SepCmaEs::Read(std::string(reinterpret_cast<const char*>(data), size)))
    if (es->dimension() < 1000 && es->population() < 1000) (void)es->Ask();
  const BytesFile file({reinterpret_cast<const char*>(data), size});
  auto loaded = conduct::Load(file.path());
  if (loaded && !conduct::CheckShape(*loaded)) __builtin_trap();
  return 0;
}
