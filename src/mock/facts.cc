#include "mock/facts.h"

#include <fmt/format.h>

#include <array>

#include "mock/text.h"

namespace baton::mock {
namespace {

struct Country {
  std::string_view english, french;  // lower case, as asked for
  std::string_view name, nom;        // with article, as answered
  std::string_view capital, capitale;
};

constexpr std::array<Country, 26> kCountries = {{
    {"france", "france", "France", "la France", "Paris", "Paris"},
    {"germany", "allemagne", "Germany", "l'Allemagne", "Berlin", "Berlin"},
    {"italy", "italie", "Italy", "l'Italie", "Rome", "Rome"},
    {"spain", "espagne", "Spain", "l'Espagne", "Madrid", "Madrid"},
    {"portugal", "portugal", "Portugal", "le Portugal", "Lisbon", "Lisbonne"},
    {"belgium", "belgique", "Belgium", "la Belgique", "Brussels", "Bruxelles"},
    {"switzerland", "suisse", "Switzerland", "la Suisse", "Bern", "Berne"},
    {"austria", "autriche", "Austria", "l'Autriche", "Vienna", "Vienne"},
    {"netherlands", "pays-bas", "the Netherlands", "les Pays-Bas", "Amsterdam", "Amsterdam"},
    {"united kingdom", "royaume-uni", "the United Kingdom", "le Royaume-Uni", "London", "Londres"},
    {"ireland", "irlande", "Ireland", "l'Irlande", "Dublin", "Dublin"},
    {"sweden", "suède", "Sweden", "la Suède", "Stockholm", "Stockholm"},
    {"norway", "norvège", "Norway", "la Norvège", "Oslo", "Oslo"},
    {"denmark", "danemark", "Denmark", "le Danemark", "Copenhagen", "Copenhague"},
    {"finland", "finlande", "Finland", "la Finlande", "Helsinki", "Helsinki"},
    {"poland", "pologne", "Poland", "la Pologne", "Warsaw", "Varsovie"},
    {"greece", "grèce", "Greece", "la Grèce", "Athens", "Athènes"},
    {"japan", "japon", "Japan", "le Japon", "Tokyo", "Tokyo"},
    {"china", "chine", "China", "la Chine", "Beijing", "Pékin"},
    {"india", "inde", "India", "l'Inde", "New Delhi", "New Delhi"},
    {"canada", "canada", "Canada", "le Canada", "Ottawa", "Ottawa"},
    {"australia", "australie", "Australia", "l'Australie", "Canberra", "Canberra"},
    {"brazil", "brésil", "Brazil", "le Brésil", "Brasília", "Brasília"},
    {"mexico", "mexique", "Mexico", "le Mexique", "Mexico City", "Mexico"},
    {"egypt", "égypte", "Egypt", "l'Égypte", "Cairo", "Le Caire"},
    {"kenya", "kenya", "Kenya", "le Kenya", "Nairobi", "Nairobi"},
}};

struct Fact {
  std::array<std::string_view, 3> words;  // all must occur; empty ones count as present
  std::string_view english, french;
};

constexpr std::array<Fact, 20> kFacts = {{
    {{"largest", "city", "france"},
     "Paris is the largest city of France, known for the Louvre and the Eiffel Tower.",
     "Paris est la plus grande ville de France, connue pour le Louvre et la tour Eiffel."},
    {{"plus grande", "ville", "france"},
     "Paris is the largest city of France, known for the Louvre and the Eiffel Tower.",
     "Paris est la plus grande ville de France, connue pour le Louvre et la tour Eiffel."},
    {{"boil", "water", ""},
     "Water boils at 100 °C at sea level.",
     "L'eau bout à 100 °C au niveau de la mer."},
    {{"speed", "light", ""},
     "Light travels at 299,792,458 metres per second in a vacuum.",
     "La lumière parcourt 299 792 458 mètres par seconde dans le vide."},
    {{"vitesse", "lumière", ""},
     "Light travels at 299,792,458 metres per second in a vacuum.",
     "La lumière parcourt 299 792 458 mètres par seconde dans le vide."},
    {{"hamlet", "", ""},
     "Hamlet was written by William Shakespeare, around 1600.",
     "Hamlet a été écrit par William Shakespeare, vers 1600."},
    {{"misérables", "", ""},
     "Les Misérables was written by Victor Hugo (1862).",
     "Les Misérables a été écrit par Victor Hugo (1862)."},
    {{"largest", "planet", ""},
     "Jupiter is the largest planet of the solar system.",
     "Jupiter est la plus grande planète du système solaire."},
    {{"plus", "grande", "planète"},
     "Jupiter is the largest planet of the solar system.",
     "Jupiter est la plus grande planète du système solaire."},
    {{"how many", "planets", ""},
     "The solar system has eight planets.",
     "Le système solaire compte huit planètes."},
    {{"highest", "mountain", ""}, "Mount Everest, at 8,849 metres.", "L'Everest, avec 8 849 mètres."},
    {{"chemical", "symbol", "gold"},
     "The chemical symbol for gold is Au.",
     "Le symbole chimique de l'or est Au."},
    {{"moon", "landing", ""},
     "People first landed on the Moon on 20 July 1969 (Apollo 11).",
     "Le premier alunissage habité date du 20 juillet 1969 (Apollo 11)."},
    {{"painted", "mona lisa", ""},
     "Leonardo da Vinci painted the Mona Lisa.",
     "Léonard de Vinci a peint la Joconde."},
    {{"révolution", "française", ""},
     "The French Revolution began in 1789.",
     "La Révolution française a commencé en 1789."},
    {{"photosynthesis", "", ""},
     "Photosynthesis turns carbon dioxide and water into sugar and oxygen, driven by light.",
     "La photosynthèse transforme le dioxyde de carbone et l'eau en sucre et en oxygène grâce à la lumière."},
    {{"http", "429", ""},
     "HTTP 429 means too many requests: wait as long as Retry-After says, then try again.",
     "HTTP 429 signifie trop de requêtes : attendez le temps indiqué par Retry-After, puis réessayez."},
    {{"bonjour", "", ""}, "Hello! What can I do for you?", "Bonjour ! Que puis-je faire pour vous ?"},
    {{"hello", "", ""}, "Hello! What can I do for you?", "Bonjour ! Que puis-je faire pour vous ?"},
    {{"bytes", "kilobyte", ""},
     "A kilobyte is 1,000 bytes; a kibibyte is 1,024.",
     "Un kilooctet vaut 1 000 octets ; un kibioctet, 1 024."},
}};

struct Program {
  std::string_view words;  // any of them, separated by |
  std::string_view python, javascript;
};

constexpr std::array<Program, 9> kPrograms = {{
    {"fibonacci",
     "def fibonacci(n: int) -> int:\n    a, b = 0, 1\n    for _ in range(n):\n        a, b = b, a + b\n    "
     "return a\n",
     "function fibonacci(n) {\n  let [a, b] = [0, 1];\n  for (let i = 0; i < n; i++) [a, b] = [b, a + b];\n  "
     "return a;\n}\n"},
    {"factorial|factorielle",
     "def factorial(n: int) -> int:\n    result = 1\n    for k in range(2, n + 1):\n        result *= k\n    "
     "return result\n",
     "function factorial(n) {\n  let result = 1;\n  for (let k = 2; k <= n; k++) result *= k;\n  return "
     "result;\n}\n"},
    {"palindrome",
     "def is_palindrome(text: str) -> bool:\n    letters = [c.lower() for c in text if c.isalnum()]\n    "
     "return letters == letters[::-1]\n",
     "function isPalindrome(text) {\n  const letters = [...text.toLowerCase()].filter((c) => "
     "/[a-z0-9]/.test(c));\n  return letters.join('') === [...letters].reverse().join('');\n}\n"},
    {"reverse|inverse|renverse", "def reverse(text: str) -> str:\n    return text[::-1]\n",
     "function reverse(text) {\n  return [...text].reverse().join('');\n}\n"},
    {"prime|premier",
     "def is_prime(n: int) -> bool:\n    if n < 2:\n        return False\n    k = 2\n    while k * k <= n:\n "
     "       if n % k == 0:\n            return False\n        k += 1\n    return True\n",
     "function isPrime(n) {\n  if (n < 2) return false;\n  for (let k = 2; k * k <= n; k++) if (n % k === 0) "
     "return false;\n  return true;\n}\n"},
    {"fizzbuzz",
     "def fizzbuzz(n: int) -> list[str]:\n    return [\"Fizz\" * (k % 3 == 0) + \"Buzz\" * (k % 5 == 0) or "
     "str(k) for k in range(1, n + 1)]\n",
     "function fizzbuzz(n) {\n  return Array.from({ length: n }, (_, i) => ((i + 1) % 3 ? '' : 'Fizz') + ((i "
     "+ 1) % 5 ? '' : 'Buzz') || String(i + 1));\n}\n"},
    {"binary search|dichotomi",
     "def binary_search(items: list, wanted) -> int:\n    low, high = 0, len(items)\n    while low < high:\n "
     "       middle = (low + high) // 2\n        if items[middle] < wanted:\n            low = middle + 1\n  "
     "      else:\n            high = middle\n    return low if low < len(items) and items[low] == wanted "
     "else -1\n",
     "function binarySearch(items, wanted) {\n  let [low, high] = [0, items.length];\n  while (low < high) "
     "{\n    const middle = (low + high) >> 1;\n    if (items[middle] < wanted) low = middle + 1;\n    else "
     "high = middle;\n  }\n  return items[low] === wanted ? low : -1;\n}\n"},
    {"sort|trie|tri",
     "def sorted_copy(items: list) -> list:\n    if len(items) < 2:\n        return list(items)\n    first, "
     "*rest = items\n    return (sorted_copy([x for x in rest if x < first]) + [first]\n            + "
     "sorted_copy([x for x in rest if x >= first]))\n",
     "const sortedCopy = (items) => [...items].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));\n"},
    {"", "def solve(value):\n    \"\"\"Put the real work here.\"\"\"\n    return value\n",
     "function solve(value) {\n  // Put the real work here.\n  return value;\n}\n"},
}};

bool AnyPart(std::string_view lower, std::string_view alternatives) {
  while (!alternatives.empty()) {
    const auto bar = alternatives.find('|');
    if (lower.find(alternatives.substr(0, bar)) != std::string_view::npos) return true;
    if (bar == std::string_view::npos) return false;
    alternatives.remove_prefix(bar + 1);
  }
  return true;  // the empty alternative: the program that fits everything
}

std::optional<std::string> Capital(std::string_view lower, bool french) {
  if (lower.find("capital") == std::string_view::npos) return std::nullopt;
  for (const auto& c : kCountries) {
    if (!HasWord(lower, c.english) && !HasWord(lower, c.french)) continue;
    if (!french) return fmt::format("The capital of {} is {}.", c.name, c.capital);
    const bool elided = c.nom.substr(0, 2) == "l'";
    std::string of = "de " + std::string(c.nom);
    if (!elided && c.nom.substr(0, 3) == "le ") of = "du " + std::string(c.nom.substr(3));
    if (c.nom.substr(0, 4) == "les ") of = "des " + std::string(c.nom.substr(4));
    return fmt::format("La capitale {} est {}.", of, c.capitale);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> RecallFact(std::string_view question, bool french) {
  const std::string lower = Lower(question);
  if (auto capital = Capital(lower, french)) return capital;
  for (const auto& fact : kFacts) {
    bool all = true;
    for (const auto word : fact.words) all = all && lower.find(word) != std::string::npos;
    if (all) return std::string(french ? fact.french : fact.english);
  }
  return std::nullopt;
}

std::optional<std::string> WriteCode(std::string_view question, bool french) {
  const std::string lower = Lower(question);
  const bool asks = HasAny(lower, {"function", "code", "program", "script", "implement", "python",
                                   "javascript", "fonction", "programme", "fizzbuzz"});
  if (!asks) return std::nullopt;
  const bool javascript = HasAny(lower, {"javascript", "js", "node", "typescript"});
  for (const auto& p : kPrograms) {
    if (!AnyPart(lower, p.words)) continue;
    return fmt::format("{}\n\n```{}\n{}```",
                       french ? "Voici le code :" : "Here is the code:", javascript ? "javascript" : "python",
                       javascript ? p.javascript : p.python);
  }
  return std::nullopt;
}

}  // namespace baton::mock
