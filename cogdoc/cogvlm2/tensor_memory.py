"""The bytes of single tensors and matrix products for each way to store numbers. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cogdoc.cogvlm2.quantized_parts import Quantization

Device = Literal["cuda", "cpu"]

# These repeat `quantization.BLOCK` and `SCALE_BLOCK`, whose module imports torch.
BLOCK = 64
SCALE_BLOCK = 256

ALIGNMENT = 64
"""Bytes to whose multiples tensors that are copied to the device as one block are padded."""

SCORE_BYTES = 128 << 20
"""The most bytes of attention scores that are in memory where there is no fused kernel."""

BYTES_PER_SCORE = 8
"""A score in fp32, with itself in the compute dtype or its weight before and after."""

MASK_ALIGNMENT = 8
"""The rows of a mask are multiples of these numbers, so that the kernels on CUDA need no copy."""

FLOAT32 = 4
INT64 = 8
CODE_TABLES = (16, 256)  # the values of NF4 and those of the 8-bit scales


@dataclass(frozen=True, slots=True)
class LinearShape:
    """The shape of a linear layer, and the number of layers that have it."""

    inputs: int
    outputs: int
    count: int


def padded(size: int) -> int:
    """The bytes that a tensor takes in a block that is copied at once."""
    return ALIGNMENT * ceil(size / ALIGNMENT)


def chunk_rows(heads: int, queries: int, keys: int) -> int:
    """The queries that are processed together where there is no fused attention; `heads` are those of all rows."""
    return max(1, min(queries, SCORE_BYTES // (BYTES_PER_SCORE * heads * keys)))


@dataclass(frozen=True, slots=True)
class TensorMemory:
    """Computes the bytes of tensors.

    Args:
        quantization: of the linear layers.
        width: bytes of a number that is not quantized.
        device: the device whose kernels run.
        fused_attention: whether it has a fused kernel for attention over whole prompts.
        stored_width: bytes of a number of a weight that is not quantized, if it is widened at each product.
    """

    quantization: Quantization
    width: int
    device: Device
    fused_attention: bool = True
    stored_width: int | None = None

    def size(self, rows: int, columns: int) -> int:
        """Bytes of a tensor (rows, columns) that is not quantized."""
        return rows * columns * self.width

    def codes(self, layer: LinearShape) -> int:
        """Bytes of the weights of such layers, without their quantization state."""
        parameters = layer.inputs * layer.outputs
        four_bit = ceil(parameters / 2)
        each = {
            "none": parameters * (self.stored_width or self.width),
            "nf4": four_bit,
            "fp4": four_bit,
            "int8": parameters,
        }
        return layer.count * each[self.quantization]

    def state(self, layer: LinearShape) -> int:
        """Bytes of the quantization state of such layers.

        NF4 has a byte per block, an fp32 scale per 256 blocks, an fp32 offset and the code tables; FP4 has an fp32
        scale per block and its code table; int8 has an fp32 scale per row.
        """
        return layer.count * sum(self._state_tensors(layer))

    def block(self, layer: LinearShape) -> int:
        """Bytes of such layers in blocks that are copied at once, see `cogdoc.cogvlm2.offloading`."""
        codes = self.codes(replace(layer, count=1))
        return layer.count * sum(map(padded, [codes, *self._state_tensors(layer)]))

    def _state_tensors(self, layer: LinearShape) -> list[int]:
        """Bytes of each tensor of the quantization state of a layer."""
        blocks = ceil(layer.inputs * layer.outputs / BLOCK)
        nf4 = [blocks, FLOAT32 * ceil(blocks / SCALE_BLOCK), FLOAT32, *(FLOAT32 * size for size in CODE_TABLES)]
        fp4 = [FLOAT32 * blocks, FLOAT32 * 16]
        return {"none": [], "nf4": nf4, "fp4": fp4, "int8": [FLOAT32 * layer.outputs]}[self.quantization]

    def decoding_state(self, layer: LinearShape) -> int:
        """Like `state`, for the layers that decode: in bf16 on a CPU they are packed, with single scales in bf16."""
        can_be_packed = layer.outputs % 32 == 0 and layer.inputs % BLOCK == 0
        if self.quantization in ("nf4", "fp4") and self.device == "cpu" and self.width < FLOAT32 and can_be_packed:
            return layer.count * (2 * (layer.inputs * layer.outputs // BLOCK) + 16 * FLOAT32)
        return self.state(layer)

    def product(self, tokens: int, inputs: int, outputs: int) -> int:
        """Peak bytes while `tokens` pass a linear layer: the output and all temporaries, without the input.

        NF4, `gemm_4bit` of bitsandbytes: the weight expanded to the compute dtype, and the scale of each block in fp32
        twice; the scales of FP4 are fp32 already. A fused kernel needs neither, but whether one is chosen depends on
        tokens, shape and card.

        int8, `MatMul8bitLt` of bitsandbytes: first the input in fp16, its magnitudes in fp16 and a mask; then the codes
        and row scales of the input, and the product in int32, in fp16 and in the compute dtype. The CPU kernels compute
        in fp32: the input, a mask and two fp32 copies; then the codes, the product in int32 and three copies in fp32.
        """
        out, input_numbers, output_numbers = self.size(tokens, outputs), tokens * inputs, tokens * outputs
        if self.quantization == "none":
            return out + (self.size(inputs, outputs) if self.stored_width is not None else 0)
        if self.quantization == "fp4":
            return out + self.size(inputs, outputs)
        if self.quantization == "nf4":
            return out + self.size(inputs, outputs) + 2 * FLOAT32 * ceil(inputs * outputs / BLOCK)
        coding, scaling = (2 + 2 + 1, 4 + 2 + self.width) if self.device == "cuda" else (2 + 1 + 4 + 4, 4 * 4)
        return max(coding * input_numbers, input_numbers + scaling * output_numbers) + FLOAT32 * tokens

    def attention(self, batch: int, length: int, heads: int, kv_heads: int, head_dim: int) -> int:
        """Peak bytes of attention over whole prompts of `length` tokens, without queries, keys, values and result.

        A fused kernel only keeps a log-sum per query and head. Without one for shared heads, keys and values may be
        repeated for each query head. Without any, they are copied once, and the scores of some queries are in memory,
        with these queries, scaled and then flat, and their mask.
        """
        log_sums = FLOAT32 * batch * heads * length
        if self.fused_attention:
            return log_sums
        rows = chunk_rows(batch * heads, length, length)
        chunk = BYTES_PER_SCORE * batch * heads * rows * length + rows * length
        queries = 2 * self.size(batch * rows, heads * head_dim)
        chunked = chunk + queries + 2 * self.size(batch * length, kv_heads * head_dim)
        repeated = log_sums + (2 * self.size(batch * length, heads * head_dim) if heads > kv_heads else 0)
        return max(chunked, repeated)

    def rms_norm(self, tokens: int, columns: int) -> int:
        """On CUDA its result; on the CPU three fp32 tensors: the input, scaled, and weighted; fp32 is not copied."""
        if self.device == "cuda":
            return self.size(tokens, columns)
        return tokens * columns * FLOAT32 * (3 if self.width < FLOAT32 else 2)

    def rotated(self, tokens: int, columns: int) -> int:
        """The swapped halves, and two products with the fp32 tables; on the CPU also a factor as fp32."""
        tensors = 3 if self.device == "cpu" and self.width < FLOAT32 else 2
        return self.size(tokens, columns) + tensors * FLOAT32 * tokens * columns
