import { stemmer } from "stemmer";

/** Forms that no suffix rule reaches, as `form:base`. */
const IRREGULAR: ReadonlyMap<string, string> = /* @__PURE__ */ new Map(
  (
    "went:go gone:go bought:buy took:take taken:take made:make said:say told:tell saw:see seen:see met:meet got:get " +
    "gotten:get gave:give given:give ate:eat eaten:eat drank:drink drunk:drink ran:run swam:swim swum:swim wrote:write " +
    "written:write left:leave lost:lose won:win found:find felt:feel kept:keep taught:teach thought:think brought:bring " +
    "began:begin begun:begin chose:choose chosen:choose drove:drive driven:drive flew:fly flown:fly grew:grow grown:grow " +
    "knew:know known:know sang:sing sung:sing slept:sleep spoke:speak spoken:speak spent:spend built:build sold:sell " +
    "sent:send held:hold heard:hear fell:fall fallen:fall broke:break broken:break came:come became:become wore:wear " +
    "worn:wear rode:ride ridden:ride drew:draw drawn:draw threw:throw thrown:throw hid:hide hidden:hide paid:pay " +
    "sought:seek fought:fight caught:catch stood:stand understood:understand forgot:forget forgotten:forget " +
    "forgave:forgive lent:lend meant:mean dealt:deal led:lead fed:feed bred:breed sat:sit shook:shake woke:wake " +
    "awoke:wake stole:steal stolen:steal froze:freeze frozen:freeze rang:ring rung:ring sank:sink blew:blow blown:blow " +
    "tore:tear torn:tear bit:bite bitten:bite dug:dig hung:hang lit:light shot:shoot showed:show shown:show " +
    "children:child kids:child kid:child people:person mice:mouse men:man women:woman feet:foot teeth:tooth geese:goose " +
    "wives:wife lives:life knives:knife leaves:leaf halves:half shelves:shelf selves:self better:good best:good " +
    "worse:bad worst:bad gonna:go wanna:want mom:mother mum:mother dad:father photo:picture photos:picture"
  )
    .split(" ")
    .map((pair) => pair.split(":") as [string, string]),
);

/** Base form of a folded word in Latin script: irregular forms first, then Porter's rules. */
export function stem(word: string): string {
  return stemmer(IRREGULAR.get(word) ?? word);
}
