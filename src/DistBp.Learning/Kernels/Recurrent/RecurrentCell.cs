namespace DistBp.Learning.Kernels.Recurrent;

/// <summary>What a recurrent layer does at each step of time, with PyTorch's formulas and order of gates.</summary>
public enum RecurrentCell
{
    /// <summary>h' = tanh(W x + b + U h + b').</summary>
    Tanh,

    /// <summary>h' = max(0, W x + b + U h + b').</summary>
    Relu,

    /// <summary>
    /// Gates i, f, g, o: c' = σ(f) c + σ(i) tanh(g), h' = σ(o) tanh(c') (Hochreiter and Schmidhuber 1997; forget gate: Gers 2000).
    /// </summary>
    Lstm,

    /// <summary>
    /// Gates r, z, n: n' = tanh(n + σ(r) (U_n h + b'_n)), h' = (1 − σ(z)) n' + σ(z) h (Cho 2014, the recurrent product before the reset).
    /// </summary>
    Gru,
}

/// <summary>
/// Where a cell's gates lie, in blocks of `units`. A weight has Gates blocks of rows. A row of the gate buffer has Columns blocks: gate g in
/// block g; the gru has besides, in a fourth, the recurrent share U_n h + b'_n of its gate n, which the reset gate multiplies.
/// </summary>
internal static class GateLayout
{
    private static readonly GateRun[] s_rnn = [new(0, 1, 0, true)];
    private static readonly GateRun[] s_lstm = [new(0, 4, 0, true)];
    private static readonly GateRun[] s_gru = [new(0, 2, 0, true), new(2, 1, 3, false)];

    private static readonly GateColumns[] s_rnnGradients = [new(0, 1, 0, true, true)];
    private static readonly GateColumns[] s_lstmGradients = [new(0, 4, 0, true, true)];
    private static readonly GateColumns[] s_gruGradients = [new(0, 2, 0, true, true), new(2, 1, 2, true, false), new(3, 1, 2, false, true)];

    public static int Gates(RecurrentCell cell) => cell switch { RecurrentCell.Lstm => 4, RecurrentCell.Gru => 3, _ => 1 };

    public static int Columns(RecurrentCell cell) => cell switch { RecurrentCell.Lstm or RecurrentCell.Gru => 4, _ => 1 };

    /// <summary>Where the recurrent weight's rows go.</summary>
    public static ReadOnlySpan<GateRun> Recurrent(RecurrentCell cell) => cell switch
    {
        RecurrentCell.Lstm => s_lstm,
        RecurrentCell.Gru => s_gru,
        _ => s_rnn,
    };

    /// <summary>What each block of columns belongs to, all blocks in order.</summary>
    public static ReadOnlySpan<GateColumns> Gradients(RecurrentCell cell) => cell switch
    {
        RecurrentCell.Lstm => s_lstmGradients,
        RecurrentCell.Gru => s_gruGradients,
        _ => s_rnnGradients,
    };
}

/// <summary>The recurrent weight's blocks of rows [Gate, Gate + Count) meet the gate buffer's blocks of columns from Column on.</summary>
/// <param name="JoinsInput">The sum goes on from that of the input product; else it starts from the recurrent bias.</param>
internal readonly record struct GateRun(int Gate, int Count, int Column, bool JoinsInput);

/// <summary>
/// The gate buffer's blocks of columns [Column, Column + Count) are the shares of the gates from Gate on that come from the input, from the
/// state, or from both in one sum.
/// </summary>
internal readonly record struct GateColumns(int Column, int Count, int Gate, bool MeetsInput, bool MeetsState);
