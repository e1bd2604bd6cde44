namespace DistBp.Learning.Kernels.Recurrent;

/// <summary>One direction of a recurrent layer.</summary>
/// <param name="Features">Of one step of the input.</param>
/// <param name="Steps">Of a sequence.</param>
/// <param name="Reverse">Time runs backward: the first state is that of the last step.</param>
/// <param name="Truncation">0, or K: no gradient flows between the steps nK − 1 and nK, counted from the sequence's start.</param>
internal readonly record struct RecurrentShape(RecurrentCell Cell, int Units, int Features, int Steps, bool Reverse, int Truncation)
{
    private const int FewSets = 64;
    private const int LineFloats = 16;

    /// <summary>Rows of the weights.</summary>
    public int GateUnits => GateLayout.Gates(Cell) * Units;

    /// <summary>Columns of the gate buffer.</summary>
    public int ColumnUnits => GateLayout.Columns(Cell) * Units;

    /// <summary>
    /// From step to step in the gate buffer: a cache line more than its columns where steps would fall into few sets of the caches.
    /// </summary>
    public int GateRow => ColumnUnits % FewSets == 0 ? ColumnUnits + LineFloats : ColumnUnits;

    /// <summary>The step of time that comes at that place in the recurrence.</summary>
    public int Time(int place) => Reverse ? Steps - 1 - place : place;

    /// <summary>Whether the gradient ends at the step at that place, which is the first or comes directly after a border.</summary>
    public bool Cuts(int place) => place == 0 || (Truncation > 0 && (Reverse ? Time(place) + 1 : Time(place)) % Truncation == 0);
}
