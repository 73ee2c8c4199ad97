"""How well does it do? One module per question; `bench.lab` is the network they are asked on."""
