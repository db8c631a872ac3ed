"""CogVLM2 in transformers: the Auto classes load published folders, and `generate` gives what cogdoc's loop gives."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from parity_folders import FIXTURES
from PIL import Image
from safetensors.torch import load_file, save_file

from cogdoc.cogvlm2.configuration import TEMPLATES, read_config
from cogdoc.cogvlm2.decoding_row import Token
from cogdoc.cogvlm2.loading import load_model
from cogdoc.cogvlm2.prompts import IMAGE, Turn, apply_template, build_prompt, token_positions, vision_expert_tokens
from cogdoc.cogvlm2.session import CogVLM2Session, load_session
from cogdoc.cogvlm2.writing import write_quantized
from samples.pocket import MODEL

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import transformers
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText, AutoProcessor, AutoTokenizer

    from cogdoc.cogvlm2.transformers import CogVLM2Config, CogVLM2ForConditionalGeneration, CogVLM2Processor
    from cogdoc.cogvlm2.transformers import inputs as model_inputs

transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
pytestmark = pytest.mark.filterwarnings("ignore")  # transformers, accelerate and bitsandbytes warn of themselves

PICTURES = ("form-1.png", "form-2.png", "form-3.jpg")
QUESTIONS = ("What is the total?", "What is the number of the order?", "Read the page.")
IMAGES_OF_CASES = {
    "text": [],
    "image": [0],
    "single1": [0],
    "image_long": [2],
    "single2": [1],
    "batch_left": [0, 1],
}


@pytest.fixture(scope="module")
def pictures() -> list[Image.Image]:
    return [Image.open(MODEL.parent / name) for name in PICTURES]


@pytest.fixture(scope="module")
def processor() -> Any:
    return AutoProcessor.from_pretrained(MODEL)


@pytest.fixture(scope="module")
def model() -> Any:
    return AutoModelForImageTextToText.from_pretrained(MODEL)


@pytest.fixture(scope="module")
def inputs(processor: Any, pictures: list[Image.Image]) -> Any:
    return processor(images=pictures, text=QUESTIONS, template="vqa")


@pytest.fixture(scope="module")
def answers(pictures: list[Image.Image]) -> list[str]:
    """What cogdoc's own loop answers."""
    session = load_session(MODEL)
    return [own_answer(session, question, picture) for question, picture in zip(QUESTIONS, pictures, strict=True)]


def own_answer(session: CogVLM2Session, question: str, picture: Image.Image | None) -> str:
    events = session.generate(question, picture, template="vqa", max_new_tokens=40)
    return session.tokenizer.decode([event.id for event in events if isinstance(event, Token)])


def generate(model: Any, processor: Any, inputs: Any, **options: Any) -> list[str]:
    output = model.generate(**inputs, max_new_tokens=40, do_sample=False, **options)
    texts: list[str] = processor.batch_decode(output[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    return texts


@pytest.mark.parametrize("folder", FIXTURES, ids=lambda folder: f"{folder.parent.name}-{folder.name}")
def test_generate_gives_the_tokens_of_all_parity_cases(folder: Path) -> None:
    expected = load_file(folder / "expected.safetensors")
    model = AutoModelForImageTextToText.from_pretrained(folder)
    for case, images in IMAGES_OF_CASES.items():
        own = {key.removeprefix(f"{case}."): value for key, value in expected.items() if key.startswith(f"{case}.")}
        given = {key: own[key] for key in ("input_ids", "attention_mask", "token_type_ids")}
        if images:
            given["pixel_values"] = torch.stack([expected[f"pixel_values_{number}"] for number in images])
        steps = own["tokens"].shape[1]
        output = model.generate(**given, max_new_tokens=steps, do_sample=False, eos_token_id=None)
        assert torch.equal(output[:, -steps:], own["tokens"]), case
        if model.dtype == torch.float32:
            shown = given["attention_mask"].bool()
            logits = model(**given).logits
            torch.testing.assert_close(logits[shown], own["prefill_logits"][shown], atol=5e-5, rtol=0)


def test_generate_answers_as_cogdoc_does(model: Any, processor: Any, inputs: Any, answers: list[str]) -> None:
    assert answers[0] == "84.04"
    assert generate(model, processor, inputs) == answers


@pytest.mark.parametrize(
    "options",
    [{"use_cache": False}, {"cache_implementation": "static"}, {"num_beams": 2, "length_penalty": 0.0}],
    ids=["no cache", "static cache", "beams"],
)
def test_other_caches_give_the_same_answers(
    model: Any, processor: Any, inputs: Any, answers: list[str], options: dict[str, Any]
) -> None:
    first = {key: value[:2] for key, value in inputs.items()}
    assert generate(model, processor, first, **options) == answers[:2]


def test_speculative_decoding_gives_the_same_answer(
    model: Any, processor: Any, pictures: list[Image.Image], answers: list[str]
) -> None:
    inputs = processor(images=pictures[2], text=QUESTIONS[2], template="vqa")
    assert generate(model, processor, inputs, prompt_lookup_num_tokens=3) == answers[2:]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_model_on_cuda_gives_the_same_answers(processor: Any, inputs: Any, answers: list[str]) -> None:
    model = AutoModelForImageTextToText.from_pretrained(MODEL, device_map="cuda")
    there = {key: value.to("cuda") for key, value in inputs.items()}
    assert generate(model, processor, there) == answers


@pytest.mark.parametrize("left_out", ["attention_mask", "token_type_ids"])
def test_pad_tokens_of_an_image_are_never_taken_for_padding(
    model: Any, processor: Any, pictures: list[Image.Image], answers: list[str], left_out: str
) -> None:
    inputs = processor(images=pictures[0], text=QUESTIONS[0], template="vqa")
    del inputs[left_out]
    assert generate(model, processor, inputs) == answers[:1]


def test_a_batch_mixes_prompts_with_and_without_an_image(
    model: Any, processor: Any, pictures: list[Image.Image], answers: list[str]
) -> None:
    inputs = processor(images=[None, pictures[0]], text=[QUESTIONS[1], QUESTIONS[0]], template="vqa")
    assert generate(model, processor, inputs) == [own_answer(load_session(MODEL), QUESTIONS[1], None), answers[0]]


def test_the_pipeline_answers_a_conversation(model: Any, processor: Any, answers: list[str]) -> None:
    pipeline = transformers.pipeline("image-text-to-text", model=model, processor=processor)
    content = [{"type": "image", "image": str(MODEL.parent / PICTURES[0])}, {"type": "text", "text": QUESTIONS[0]}]
    result = pipeline(text=[{"role": "user", "content": content}], max_new_tokens=40, return_full_text=False)
    assert result[0]["generated_text"] == answers[0]


@pytest.mark.parametrize(
    "settings", [{"load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}, {"load_in_8bit": True}], ids=["nf4", "int8"]
)
def test_bitsandbytes_quantizes_the_layers_that_cogdoc_quantizes(
    processor: Any, inputs: Any, answers: list[str], settings: dict[str, Any]
) -> None:
    quantization = transformers.BitsAndBytesConfig(**settings)
    quantized = AutoModelForImageTextToText.from_pretrained(MODEL, quantization_config=quantization)
    linears = [module for module in quantized.modules() if isinstance(module, torch.nn.Linear)]
    assert [type(module) for module in linears].count(torch.nn.Linear) == 1  # the output head
    assert generate(quantized, processor, {key: value[:1] for key, value in inputs.items()}) == answers[:1]


@pytest.mark.parametrize("quantization", ["nf4", "int8"])
def test_checkpoints_that_cogdoc_quantized_load(
    tmp_path: Path, processor: Any, inputs: Any, answers: list[str], quantization: Any
) -> None:
    write_quantized(MODEL, tmp_path / "quantized", quantization)
    quantized = AutoModelForImageTextToText.from_pretrained(tmp_path / "quantized")
    assert generate(quantized, processor, {key: value[:1] for key, value in inputs.items()}) == answers[:1]


def test_layers_on_the_disk_give_the_same_answers(
    tmp_path: Path, processor: Any, inputs: Any, answers: list[str]
) -> None:
    places = {"model.embed_tokens": "cpu", "model.vision": "disk", "model.norm": "cpu", "lm_head": "disk"}
    places |= {"model.layers.0": "cpu", "model.layers.1": "disk", "model.layers.2": "cpu"}
    split = AutoModelForImageTextToText.from_pretrained(MODEL, device_map=places, offload_folder=tmp_path)
    assert split.model.layers[1].mlp.vision_mlp.up_proj.weight.is_meta
    assert generate(split, processor, {key: value[:2] for key, value in inputs.items()}) == answers[:2]


def test_saved_models_load_again_everywhere(
    tmp_path: Path, model: Any, processor: Any, inputs: Any, pictures: list[Image.Image], answers: list[str]
) -> None:
    model.save_pretrained(tmp_path)
    processor.save_pretrained(tmp_path)
    again = AutoModelForImageTextToText.from_pretrained(tmp_path)
    assert generate(again, AutoProcessor.from_pretrained(tmp_path), inputs) == answers
    assert read_config(tmp_path) == read_config(MODEL)
    assert own_answer(load_session(tmp_path), QUESTIONS[0], pictures[0]) == answers[0]
    saved, original = load_model(tmp_path).state_dict(), load_model(MODEL).state_dict()
    assert all(torch.equal(saved[name], original[name]) for name in original)


def test_a_published_folder_needs_no_remote_code(tmp_path: Path) -> None:
    folder = next(folder for folder in FIXTURES if folder.name == "small")
    raw = json.loads((folder / "config.json").read_text())
    raw["auto_map"] = {
        "AutoConfig": "configuration_cogvlm.CogVLMConfig",
        "AutoModelForCausalLM": "modeling_cogvlm.CogVLMForCausalLM",
    }
    (tmp_path / "config.json").write_text(json.dumps(raw))
    weights = load_file(folder / "model.safetensors")
    frequencies = {name for name in weights if "inv_freq" in name}
    save_file({name: weights[name] for name in weights if name not in frequencies}, tmp_path / "model.safetensors")
    assert type(AutoConfig.from_pretrained(tmp_path)) is CogVLM2Config
    model = AutoModelForCausalLM.from_pretrained(tmp_path, dtype="bfloat16")
    assert type(model) is CogVLM2ForConditionalGeneration
    assert model.dtype == torch.bfloat16
    for name in frequencies:
        torch.testing.assert_close(model.state_dict()[name].float(), weights[name].bfloat16().float())


def test_the_default_configuration_is_the_published_one() -> None:
    from cogdoc.cogvlm2.published import PUBLISHED

    assert CogVLM2Config().sizes() == PUBLISHED


def test_the_processor_makes_cogdocs_prompts(processor: CogVLM2Processor, pictures: list[Image.Image]) -> None:
    session = load_session(MODEL)
    text = "Is <|end_of_text|> or the total printed?"
    prompt = session.prompt(text, [Turn("Who?", "Me")], "chat")
    inputs = processor(images=pictures[0], text=text, template="chat", history=[("Who?", "Me")])
    assert tuple(inputs["input_ids"][0].tolist()) == prompt.token_ids
    assert tuple(inputs["token_type_ids"][0].tolist()) == prompt.token_types
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    assert tokenizer("total", add_special_tokens=False)["input_ids"] == session.tokenizer.encode("total")


@settings(max_examples=25)
@given(st.sampled_from(TEMPLATES), st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9)), max_size=3), st.text())
def test_the_chat_template_gives_cogdocs_templates(
    processor: Any, template: Any, history: list[tuple[str, str]], question: str
) -> None:
    conversation = []
    for asked, answered in history:
        conversation += [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]
    conversation.append({"role": "user", "content": [{"type": "text", "text": question}]})
    rendered = processor.apply_chat_template(conversation, template=template)
    assert rendered == apply_template(template, question, [Turn(*turn) for turn in history])


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0, 3, 6]), st.integers(1, 4)), min_size=1, max_size=4))
def test_positions_and_experts_are_those_of_single_prompts(rows: list[tuple[int, int, int]]) -> None:
    longest = max(sum(row) + 1 for row in rows)
    types, masks, expected, vision = [], [], [], []
    for index, (padding, image, text) in enumerate(rows):
        own = [0, *[IMAGE] * image, *[0] * text]
        before = longest - len(own) if padding else 0
        after = longest - len(own) - before
        types.append([0] * before + own + [0] * after)
        masks.append([0] * before + [1] * len(own) + [0] * after)
        expected.append(token_positions(own))
        vision += [index * longest + before + token for token in vision_expert_tokens(own)]
    mask = torch.tensor(masks).bool()
    positions = model_inputs.token_positions(torch.tensor(types), mask)
    assert [tuple(row[shown].tolist()) for row, shown in zip(positions, mask, strict=True)] == expected
    routing = model_inputs.route(torch.tensor(types), mask)
    assert ([] if routing is None else routing.vision.tolist()) == vision
    if routing is not None:
        assert sorted(routing.language.tolist() + vision) == mask.flatten().nonzero().squeeze(-1).tolist()


def test_labels_hold_the_answer_and_its_end(processor: Any, pictures: list[Image.Image]) -> None:
    tokenizer = load_session(MODEL).tokenizer
    inputs = processor(images=pictures[:2], text=QUESTIONS[:2], template="vqa", answer=["84.04", "no"])
    for row, answer in enumerate(("84.04", "no")):
        kept = inputs["labels"][row] != -100
        assert inputs["labels"][row][kept].tolist() == [*tokenizer.encode(answer), read_config(MODEL).eos_token_ids[0]]
        assert torch.equal(inputs["input_ids"][row][kept], inputs["labels"][row][kept])


def test_checkpointing_changes_no_gradient(processor: Any, pictures: list[Image.Image]) -> None:
    model = AutoModelForImageTextToText.from_pretrained(MODEL, dtype="float32").train()
    inputs = processor(images=pictures[:2], text=QUESTIONS[:2], template="vqa", answer=["84.04", "no"])
    gradients = []
    for checkpointing in (False, True):
        if checkpointing:
            model.gradient_checkpointing_enable()
        model.zero_grad()
        model(**inputs).loss.backward()
        gradients.append({name: parameter.grad.clone() for name, parameter in model.named_parameters()})
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient, msg=name)


def test_wrong_inputs_are_named(model: Any, processor: Any, pictures: list[Image.Image]) -> None:
    with pytest.raises(ValueError, match="one image in a conversation, not 2"):
        processor(images=[pictures[:2]], text="Which?")
    with pytest.raises(ValueError, match="2 prompts, but 1 images"):
        processor(images=pictures[0], text=["Which?", "What?"])
    with pytest.raises(ValueError, match="no option truncation"):
        processor(text="What?", truncation=True)
    inputs = processor(images=pictures[0], text="What?")
    with pytest.raises(ValueError, match="51 image tokens, but 2 images have 102"):
        model(**dict(inputs) | {"pixel_values": inputs["pixel_values"].repeat(2, 1, 1, 1)})


def test_the_core_needs_no_transformers() -> None:
    code = "import sys, cogdoc.cogvlm2.session; print({'transformers', 'peft', 'accelerate'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"


def test_a_prompt_that_ends_with_the_image_continues_with_text(model: Any, processor: Any) -> None:
    config = read_config(MODEL)
    prompt = build_prompt(config, (), with_image=True)
    picture = Image.open(MODEL.parent / PICTURES[0])
    inputs = processor(images=picture, text="")
    assert tuple(inputs["input_ids"][0].tolist()) == prompt.token_ids
    cached, uncached = (
        model.generate(**inputs, max_new_tokens=6, do_sample=False, use_cache=cache) for cache in (True, False)
    )
    assert torch.equal(cached, uncached)
