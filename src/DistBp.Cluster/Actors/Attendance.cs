namespace DistBp.Cluster.Actors;

/// <summary>Where messages may come without waking anybody, while somebody looks.</summary>
internal interface IAttended
{
    /// <summary>Whether there will be a thread that looks by itself.</summary>
    void Attend(bool looks);

    /// <summary>Delivers what is there.</summary>
    /// <param name="waits">Also where another thread is at it; false: that one will do.</param>
    /// <returns>False: nothing.</returns>
    bool Look(bool waits);
}

/// <summary>
/// The places that a <see cref="ComputePool"/>'s threads look at while they have nothing to compute. What comes there while all of them compute waits for
/// the first that is done: it could not be computed before. When one has gone to sleep a sender must wake it, and is told so.
/// </summary>
/// <param name="threads">At least 1.</param>
internal sealed class Attendance(int threads)
{
    private readonly Lock _lock = new();
    private IAttended[] _places = [];
    private int _awake;

    /// <summary>Whether there is any place to look at.</summary>
    public bool HasPlaces => Volatile.Read(ref _places).Length > 0;

    public void Add(IAttended place)
    {
        lock (_lock)
        {
            _places = [.. _places, place];
            place.Attend(_awake == threads);
        }
    }

    public void Remove(IAttended place)
    {
        lock (_lock)
        {
            _places = [.. _places.Where(p => p != place)];
            place.Attend(false);
        }
    }

    /// <summary>A thread looks from time to time, until its <see cref="Leave"/>.</summary>
    public void Enter()
    {
        lock (_lock)
        {
            if (++_awake < threads) return;
            foreach (IAttended place in _places) place.Attend(true);
        }
    }

    /// <summary>A thread looks no more, and from now on others must be woken.</summary>
    /// <returns>True: something came while it left.</returns>
    public bool Leave()
    {
        lock (_lock)
        {
            _awake--;
            foreach (IAttended place in _places) place.Attend(false);
        }
        return Look(waits: true);
    }

    /// <returns>False: nothing was there.</returns>
    public bool Look() => Look(waits: false);

    private bool Look(bool waits)
    {
        bool found = false;
        foreach (IAttended place in Volatile.Read(ref _places)) found |= place.Look(waits);
        return found;
    }
}
