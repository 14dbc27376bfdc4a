package zoobalance

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Job
import kotlinx.coroutines.launch

/** Whoever asks while a call is under way shares it. The last one to leave cancels it. */
internal class SingleFlight(private val scope: CoroutineScope) {
    private class Flight(val forced: Boolean, val job: Job) {
        var waiting = 0
    }

    private var current: Flight? = null

    suspend fun join(force: Boolean, call: suspend () -> Unit) {
        do {
            var behind = false
            val flight = synchronized(this) {
                val flight = current ?: take(force, call)
                // An ordinary call under way is not what a forced one asked for: it comes after it.
                behind = force && !flight.forced
                flight.waiting++
                flight
            }
            await(flight)
        } while (behind)
    }

    /** Whoever waits goes on at once. */
    fun cancel() = synchronized(this) {
        current?.job?.cancel()
        current = null
    }

    private fun take(force: Boolean, call: suspend () -> Unit): Flight {
        val flight = Flight(force, scope.launch(start = CoroutineStart.LAZY) { call() })
        flight.job.invokeOnCompletion { leave(flight) }
        current = flight
        return flight
    }

    private suspend fun await(flight: Flight) {
        try {
            flight.job.join()
        } finally {
            synchronized(this) {
                flight.waiting--
                if (flight.waiting == 0) {
                    // Whoever comes now must not share a call that is being cancelled.
                    leave(flight)
                    flight.job.cancel()
                }
            }
        }
    }

    private fun leave(flight: Flight) = synchronized(this) {
        if (current === flight) current = null
    }
}
