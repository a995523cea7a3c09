"""English: what is said of answers, their approval, and why one was not published."""

from __future__ import annotations

from bot.texts.language import Message

ANSWERS: dict[str, Message] = {
    "button.use": "Use {number}",
    "button.edit": "Edit",
    "button.again": "Use these words again",
    "button.discard": "Discard",
    "button.approve": "Publish",
    "button.cancel": "Cancel",
    "button.correct": "Correct our answer",
    "button.take_back": "Take back",
    "button.is_there": "It is there",
    "button.is_not_there": "It is not there: send again",
    "button.save": "Save as answer",
    "answer.patch": "Proposed for the file of answers. Nothing was written:",
    "answer.patch_more": "Cut short: all of it is on the page.",
    "answer.patch_added": "A new answer, {entry}, for {path}. Nothing was written: a person puts it there.",
    "answer.patch_question": (
        "One more question for the answer {entry} in {path}. Nothing was written: a person puts it there."
    ),
    "answer.patch_none": "The answer {entry} in {path} says so already, to this question.",
    "answer.patch_begun": (
        "There is no file of answers yet. To begin one, save what is shown as answers.yaml, beside the "
        "configuration."
    ),
    "answer.unsaved_deleted": "The post was taken back: its words are not kept.",
    "answer.unsaved_language": "The language of the answer cannot be told: put it into the file by hand.",
    "answer.unsaved_by_hand": "No change can be proposed: {detail}",
    "answer.how": "To answer, reply to this card with the text. It is shown here before it is published.",
    "answer.preview": (
        "To be published on {platform}, in answer to {to}. Nothing goes out before somebody presses "
        "Publish; reply to this card with other words to change it:"
    ),
    "answer.length": "{used} of {limit} {unit}",
    "answer.length_over": "Too long: {used} of {limit} {unit}",
    "answer.price": "It costs {price}.",
    "answer.price_beyond": (
        "It costs {price}, more than is left of this month's budget: it is not published before"
        " there is money again."
    ),
    "answer.unit_graphemes": "characters",
    "answer.unit_characters": "characters",
    "answer.look_at_it": "Look at it once more: it is published when somebody presses Publish.",
    "answer.discarded": "Thrown away.",
    "answer.approved": "Goes out in {seconds}. Cancel stops it.",
    "answer.corrected": "Our answer is changed in {seconds}. Cancel stops it.",
    "answer.canceled": "Stopped. Nothing was published.",
    "answer.too_late": "Too late: it is on its way.",
    "answer.leaves": "It is being taken back.",
    "answer.found": "Noted: it was published.",
    "answer.resent": "It is sent again.",
    "answer.by_hand": "It has to be deleted in the app.",
    "answer.outdated": "This has changed meanwhile. Look again.",
    "answer.expired": (
        "A draft is good for {after}. Here it is again: look whether it is still right, then publish."
    ),
    "answer.no_text": "Write the answer: at least one character, at most 10,000.",
    "answer.too_long": "Too long by {over}. Shorten it.",
    "answer.under_way": "An answer of ours is under way in this conversation.",
    "refusal.no_account": "Nothing can be published there by Outcare; open the post to answer it.",
    "refusal.not_summoned": "Only who names or quotes our account may be answered from here; open the post.",
    "refusal.no_direct_messages": "Direct messages are not answered from here; open the chat to answer it.",
    "refusal.deleted": "The post is gone; there is nothing to answer.",
    "answer.since_deleted": "The author took the post back.",
    "answer.since_edited": "The author changed the post since. Look again.",
    "answer.since_newer": "The author has written more since. Look again.",
    "answer.since_answered": "A colleague has answered meanwhile.",
    "answer.since_opted_out": "The author wants no answers from us.",
    "answer.is_held": "Approved by {name}; goes out on {platform} at {at}.",
    "answer.waits": "Approved by {name}; not published yet ({cause}), tried again at {at}.",
    "answer.is_going": "Being published on {platform}.",
    "answer.is_published": "Published on {platform} by {name}, {at}:",
    "answer.is_corrected": "Corrected on {platform} by {name}, {at}:",
    "answer.not_corrected": (
        "Not corrected on {platform}: {cause}. What is public says what it said. The text, to copy:"
    ),
    "answer.is_refused": "Not published on {platform}: {cause}. The text, to copy:",
    "answer.is_unsure": "Sent to {platform}, which did not confirm it. Looking for it.",
    "answer.look": "{platform} did not say whether this was published. Please open the post and look:",
    "answer.is_withdrawn": "Not published: {cause}. The text, to copy:",
    "answer.is_canceled": "Stopped before it was published. The text, to copy:",
    "answer.is_leaving": "Being taken back on {platform}:",
    "answer.is_taken_back": "Taken back on {platform}. It said:",
    "answer.not_taken_back": "It could not be taken back: {cause}.",
    "answer.open_reply": "Open our answer",
    "acknowledged.label": "[automatic]",
    "acknowledged.published": "Acknowledged automatically at {at} (rule {rule})",
    "acknowledged.refused": "Not acknowledged automatically: {cause}.",
    "acknowledged.withdrawn": "Not acknowledged automatically: {cause}.",
    "acknowledged.unsure": (
        "An automatic acknowledgement was sent (rule {rule}); {platform} did not say whether it arrived."
    ),
    "acknowledged.taken_back": "The automatic acknowledgement was taken back.",
    "cause.connection": "no connection",
    "cause.timeout": "no answer in time",
    "cause.server": "the platform has trouble",
    "cause.rate_limited": "too many requests",
    "cause.protocol": "the platform answered nonsense",
    "cause.unauthorized": "our account may not publish; somebody must look at its password",
    "cause.forbidden": "the author or the platform does not let us answer",
    "cause.not_found": "the post is gone",
    "cause.invalid": "the platform does not accept this text",
    "cause.conflict": "what stands there is not what was read",
    "cause.duplicate": "the same words were said there before; other words can be published",
    "cause.outcome_unknown": "it is not known whether it arrived",
    "cause.storage": "the database had trouble",
    "cause.bug": "a mistake of ours; see the log",
    "cause.paused": "publishing is paused",
    "cause.late": "it could not go out in time",
    "cause.altered": "its text is not the one that was approved",
    "cause.deleted": "the author took the post back",
    "cause.edited": "the author changed the post",
    "cause.newer": "the author has written more",
    "cause.answered": "a colleague answered meanwhile",
    "cause.taken": "a colleague took it meanwhile",
    "cause.opted_out": "the author wants no answers from us",
    "cause.cursor_lost": "the position was lost",
}
