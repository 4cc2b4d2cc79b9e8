from eval.bench.roofline import embedding_operations, machine_gflops


def test_the_operations_of_a_text_are_two_for_each_weight_and_grow_with_the_square_of_its_length_besides() -> None:
    weights = 6 * (4 * 384 * 384 + 2 * 384 * 1536)
    assert embedding_operations(1) == 2 * weights + 2 * 6 * 2 * 384
    assert embedding_operations(200) - 200 * 2 * weights == 200 * 200 * 2 * 6 * 2 * 384


def test_the_machine_multiplies_matrices() -> None:
    assert 1 < machine_gflops() < 100_000
