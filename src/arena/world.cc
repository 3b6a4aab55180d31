#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "arena/families.h"

namespace baton::arena {
namespace {

using Names = std::vector<std::string>;

// Two vocabularies without a common word: one per split.
struct Vocabulary {
  Names people, places, things, subjects;
  std::string kind, verb;  // of documents: "The <kind> <subject> is <verb> by <keeper>."
};

const Vocabulary& TrainWords() {
  static const Vocabulary kWords = {
      {"Ida Moor", "Tom Reed", "Vera Lind", "Oskar Falk", "Nell Hart", "Jon Ash", "Mia Stone", "Carl Voss",
       "Ruth Penn", "Hugo Lane", "Elsa Brook", "Finn Carr"},
      {"Tessel", "Brant", "Orlo", "Kesby", "Dunmore", "Arvika", "Selby", "Norrum"},
      {"lamp", "chair", "kettle", "basket", "mirror", "carpet"},
      {"Harrow", "Quill", "Ember", "Thistle", "Marrow", "Wren", "Cobalt", "Juniper", "Saffron", "Onyx"},
      "mill",
      "run"};
  return kWords;
}
const Vocabulary& TestWords() {
  static const Vocabulary kWords = {
      {"Amos Kerr", "Lotte Brun", "Piet Sand", "Greta Holm", "Basil Thorn", "Dora Finch", "Emil Strand",
       "Yara Quist", "Noel Birch", "Sara Wold", "Ivo Marsh", "Klara Fenn"},
      {"Lindow", "Pagham", "Ustra", "Velden", "Roskil", "Haddon", "Mirfield", "Zandt"},
      {"saddle", "anvil", "lantern", "barrel", "loom", "candle"},
      {"Heron", "Falcon", "Petrel", "Albatross", "Kestrel", "Swift", "Osprey", "Curlew", "Plover", "Egret"},
      "ship",
      "commanded"};
  return kWords;
}

std::string Number(Random& random, int from, int to) {
  return std::to_string(from + static_cast<int>(random.Below(static_cast<std::uint64_t>(to - from + 1))));
}

exact::Table Goods(const Vocabulary& v, Random& random, const std::string& name, const Names& columns) {
  exact::Table t{name, columns, {}};
  for (const auto& place : v.places) {
    for (const auto& thing : v.things) {
      if (random.Below(2) == 0) t.rows.push_back({place, thing, Number(random, 3, 97)});
    }
  }
  return t;
}

exact::Table People(const Vocabulary& v, Random& random, const std::string& name, const Names& columns,
                    const Names& groups) {
  exact::Table t{name, columns, {}};
  for (const auto& person : v.people)
    t.rows.push_back({person, groups[random.Below(groups.size())], Number(random, 21, 89)});
  return t;
}

void AddDocuments(const Vocabulary& v, Random& random, World* world) {
  for (std::size_t i = 0; i < v.subjects.size(); ++i) {
    World::Fact f;
    f.subject = v.subjects[i];
    f.keeper = v.people[(i * 5 + random.Below(3)) % v.people.size()];
    // One home per person, whatever they keep.
    std::size_t person = 0;
    while (v.people[person] != f.keeper) ++person;
    f.home = v.places[(person * 3 + 1) % v.places.size()];
    f.item = v.things[random.Below(v.things.size())];
    world->facts.push_back(f);
    world->documents.push_back({fmt::format("{}_{}", v.kind, i),
                                fmt::format("The {} {} is {} by {}. The {} {} was built with a {} in mind.",
                                            v.kind, f.subject, v.verb, f.keeper, v.kind, f.subject, f.item)});
  }
  for (std::size_t p = 0; p < v.people.size(); ++p) {
    world->documents.push_back(
        {fmt::format("{}_person_{}", v.kind, p),
         fmt::format("{} lives in {}. {} was born in {}.", v.people[p],
                     v.places[(p * 3 + 1) % v.places.size()], v.people[p], Number(random, 1921, 1989))});
  }
}

std::string CsvCell(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

void WriteRow(std::ofstream& out, const std::vector<std::string>& row) {
  for (std::size_t i = 0; i < row.size(); ++i) out << (i > 0 ? "," : "") << CsvCell(row[i]);
  out << "\n";
}

}  // namespace

World MakeWorld(std::string_view split, std::uint64_t seed) {
  const bool train = split == "train";
  const Vocabulary& v = train ? TrainWords() : TestWords();
  Random random(seed * 7919 + (train ? 1 : 2));
  World w;
  if (train) {
    w.tables.push_back(Goods(v, random, "sales", {"city", "product", "units"}));
    w.tables.push_back(
        People(v, random, "staff", {"name", "team", "salary"}, {"design", "finance", "support"}));
  } else {
    w.tables.push_back(Goods(v, random, "harvest", {"village", "crop", "crates"}));
    w.tables.push_back(
        People(v, random, "members", {"member", "club", "points"}, {"chess", "rowing", "fencing"}));
  }
  AddDocuments(v, random, &w);
  return w;
}

World Merge(World a, const World& b) {
  a.tables.insert(a.tables.end(), b.tables.begin(), b.tables.end());
  a.documents.insert(a.documents.end(), b.documents.begin(), b.documents.end());
  a.facts.insert(a.facts.end(), b.facts.begin(), b.facts.end());
  return a;
}

Status WriteWorld(const World& world, const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::create_directories(fs::path(folder) / "tables", error);
  fs::create_directories(fs::path(folder) / "documents", error);
  bool good = true;
  for (const auto& t : world.tables) {
    std::ofstream out(fs::path(folder) / "tables" / (t.name + ".csv"));
    WriteRow(out, t.columns);
    for (const auto& row : t.rows) WriteRow(out, row);
    good = good && out.flush().good();
  }
  for (const auto& d : world.documents) {
    std::ofstream out(fs::path(folder) / "documents" / (d.name + ".txt"));
    out << d.text << "\n";
    good = good && out.flush().good();
  }
  if (!good)
    return Fail(Code::kInternal, fmt::format("{}: the files could not be written", folder), "cannot_write");
  return {};
}

}  // namespace baton::arena
