// Rows of the audit log.

#include "config/draft.h"
#include "config/rows_shapes.h"

namespace baton::config {
namespace {

constexpr std::string_view kContentSchema =
    R"({"type":"object","additionalProperties":{"enum":["none","digest","redacted","full"]}})";

// {default: none, personal: redacted}: names of classes are the operator's.
void Content(Node* node, const Tree& tree, Problems* problems) {
  if (tree.kind != Tree::Kind::kMap)
    return problems->Add(
        tree.place, "content is a map from a class of data (or `default`) to none, digest, redacted or full");
  auto* audit = static_cast<AuditDraft*>(node);
  for (std::size_t i = 0; i < tree.keys.size() && i < tree.items.size(); ++i)
    audit->content.push_back({tree.keys[i].first, tree.items[i].scalar, tree.items[i].place});
}

}  // namespace

const Shape& AuditShape() {
  static const Shape kShape{
      "audit",
      "The hash-chained log of decisions, and what of the content is kept (docs/audit.md).",
      {
          MakeRow(
              Kind::kText, "key", Into<&AuditDraft::key>,
              "File of the private key that signs; made at the first start. Without: the store's name and "
              "`.audit.key`."),
          MakeWords(Kind::kWord, "on_full", "serve|refuse", Into<&AuditDraft::on_full>,
                    "When the log cannot be written for so long that records would be lost: serve and count "
                    "the loss, "
                    "or refuse requests with 503.")
              .Default("serve"),
          MakeRow(Kind::kText, "master_key", Into<&AuditDraft::master_key>,
                  "`env:NAME` or `file:PATH` of 32 bytes in hex or base64: seals stored content. Needed for "
                  "`full`."),
          MakeCustom(
              "content", Content, "map from class to none, digest, redacted or full", kContentSchema,
              "What is kept of prompts and answers, by class of data; `default` for the others. Of several "
              "classes the least holds. Without: none."),
      }};
  return kShape;
}

}  // namespace baton::config
